"""Data sets: written by the test in their own formats, read back; every refusal."""

import gzip
import os
import pickle
import struct
import tracemalloc
import zlib

import numpy as np
import pytest

from fatnn_bench.accuracy.datasets import catalog, cifar, idx
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate


def idx_bytes(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def mnist(folder, images: int = 5, zipped: bool = False) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    arrays = {}
    for prefix in ("train", "t10k"):
        arrays[f"{prefix}-images-idx3-ubyte"] = rng.integers(0, 256, (images, 28, 28), np.uint8)
        arrays[f"{prefix}-labels-idx1-ubyte"] = rng.integers(0, 10, images, np.uint8)
    for name, array in arrays.items():
        content = idx_bytes(array)
        (folder / (f"{name}.gz" if zipped else name)).write_bytes(gzip.compress(content) if zipped else content)
    return arrays


def cifar10(folder, change=None) -> np.ndarray:
    rng = np.random.default_rng(0)
    names = [*cifar.TRAIN, "test_batch"]
    pixels = rng.integers(0, 256, (len(names), 4, 3072), np.uint8)
    for name, data in zip(names, pixels, strict=True):
        content = {b"data": data, b"labels": [0, 1, 2, 9], b"batch_label": b"x"}
        (folder / name).write_bytes(pickle.dumps(change or content, protocol=2))
    return pixels


def refusal(call, *arguments) -> str:
    with pytest.raises(UserError) as error:
        call(*arguments)
    return str(error.value)


def test_digits_are_split_in_two_stratified_halves_always_the_same():
    pytest.importorskip("sklearn")
    data, again = catalog.load("digits"), catalog.load("digits")
    assert (len(data.train.classes), len(data.test.classes)) == (898, 899)
    everything = np.arange(899)
    np.testing.assert_array_equal(data.test.pixels(everything), again.test.pixels(everything))
    counts = np.stack([np.bincount(part.classes) for part in (data.train, data.test)])
    assert np.abs(counts[0] - counts[1]).max() <= 1
    assert data.test.pixels(everything).max() == 2**data.pixel_bits  # white is exactly 1


@pytest.mark.parametrize("zipped", [False, True])
def test_idx_files(tmp_path, zipped):
    arrays = mnist(tmp_path, zipped=zipped)
    data = catalog.load("mnist", tmp_path)
    np.testing.assert_array_equal(data.test.pixels(np.arange(5))[:, 0], arrays["t10k-images-idx3-ubyte"])
    np.testing.assert_array_equal(data.train.classes, arrays["train-labels-idx1-ubyte"])


def test_a_missing_idx_file_is_named_with_the_place(tmp_path):
    mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    message = refusal(catalog.load, "mnist", tmp_path)
    assert "t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz is missing" in message
    assert str(tmp_path) in message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not an IDX file"),
        (b"\x00\x00\x0d\x01\x00\x00\x00\x01\x00", "is not an IDX file"),
        (idx_bytes(np.zeros(5, np.uint8))[:-1], r"its head says \(5,\) and 4 bytes follow"),
        (b"\x00\x00\x08\x01\xff\xff\xff\xff", "0 bytes follow"),
    ],
)
def test_a_broken_idx_file(tmp_path, content, reason):
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(UserError, match=reason):
        idx.parse(path, 1)


def test_a_truncated_gzip(tmp_path):
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.zeros(5, np.uint8)))[:-9])
    with pytest.raises(UserError, match="cannot be unpacked"):
        idx.parse(path, 1)


def test_a_gzip_that_unpacks_to_more_than_is_read(tmp_path, monkeypatch):
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.zeros(10**6, np.uint8))))
    monkeypatch.setattr(gate, "MOST_BYTES", 2**19)
    with pytest.raises(UserError, match=r"labels\.gz unpacks to more than 0 MiB"):
        idx.parse(path, 1)


@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 10], [255] * 5, []])
def test_labels_out_of_range(tmp_path, labels):
    mnist(tmp_path, images=len(labels))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.array(labels, np.uint8)))
    assert "expected labels from 0 to 9, at least one" in refusal(catalog.load, "mnist", tmp_path)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [((5, 20, 20), "28 pixels a side to train, of 20 to test"), ((5, 0, 0), "images of 0×0"), ((5, 1, 2), "of 1×2")],
)
def test_images_of_other_sizes(tmp_path, shape, reason):
    mnist(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros(shape, np.uint8)))
    assert reason in refusal(catalog.load, "mnist", tmp_path)


def test_fewer_labels_than_images(tmp_path):
    mnist(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(4, np.uint8)))
    assert "4 labels for 5 images" in refusal(catalog.load, "mnist", tmp_path)


def test_cifar(tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()
    pixels = cifar10(tmp_path / "cifar-10-batches-py")
    data = catalog.load("cifar10", tmp_path)
    np.testing.assert_array_equal(data.train.pixels(np.arange(20)).reshape(5, 4, -1), pixels[:5])
    np.testing.assert_array_equal(data.test.classes, [0, 1, 2, 9])


class Evil:
    def __reduce__(self):
        return print, ("this must not run",)


def test_a_batch_that_names_other_code_is_refused_and_not_run(tmp_path, capsys):
    cifar10(tmp_path, change={b"data": Evil(), b"labels": [0]})
    assert "print, which no CIFAR batch needs" in refusal(catalog.load, "cifar10", tmp_path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "content", [b"", b"hello", pickle.dumps({b"data": np.zeros((1, 5), np.uint8), b"labels": [0]})]
)
def test_a_broken_batch(tmp_path, content):
    cifar10(tmp_path)
    (tmp_path / "test_batch").write_bytes(content)
    assert "test_batch is not a batch of CIFAR-10" in refusal(catalog.load, "cifar10", tmp_path)


def test_a_batch_takes_no_memory_that_it_does_not_fill(tmp_path):
    """Its memo has a place number 20,000,000."""
    cifar10(tmp_path)
    (tmp_path / "test_batch").write_bytes(b"\x80\x02}r" + struct.pack("<I", 20_000_000) + b".")
    tracemalloc.start()
    try:
        assert "test_batch is not a batch of CIFAR-10" in refusal(catalog.load, "cifar10", tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 2**25
    finally:
        tracemalloc.stop()


def test_a_missing_batch(tmp_path):
    message = refusal(catalog.load, "cifar10", tmp_path)
    assert f"data_batch_1 is missing, looked for in {tmp_path}" in message


def image_folder(folder, parts=("train", "test"), classes=("cat", "dog")):
    image = pytest.importorskip("PIL.Image")
    for part in parts:
        for i, name in enumerate(classes):
            (folder / part / name).mkdir(parents=True)
            image.new("RGB", (300, 240), (i * 100, 0, 7)).save(folder / part / name / "a.png")


def test_image_folder(tmp_path):
    image_folder(tmp_path)
    data = catalog.load("folder", tmp_path)
    assert (data.class_count, data.size) == (2, 224)
    pixels = data.test.pixels(np.array([1]))
    assert pixels.shape == (1, 3, 224, 224)
    assert pixels[0, :, 5, 5].tolist() == [100, 0, 7]


def test_image_folders_of_different_classes(tmp_path):
    image_folder(tmp_path)
    (tmp_path / "train" / "eel").mkdir()
    assert "class 'eel' is in one of train and test only" in refusal(catalog.load, "folder", tmp_path)


def test_an_empty_image_folder(tmp_path):
    assert f"no folders of images, one a class, in {tmp_path / 'train'}" in refusal(catalog.load, "folder", tmp_path)


def test_a_file_that_is_no_image(tmp_path):
    image_folder(tmp_path)
    (tmp_path / "test" / "cat" / "a.png").write_bytes(b"no image")
    data = catalog.load("folder", tmp_path)
    assert "cannot be read as an image" in refusal(data.test.pixels, np.array([0]))


def test_hidden_folders_and_files_are_none_of_the_data(tmp_path):
    image_folder(tmp_path, classes=("cat", "dog", ".ipynb_checkpoints"))
    (tmp_path / "train" / "cat" / "._a.png").write_bytes(b"another system's notes")
    data = catalog.load("folder", tmp_path)
    assert data.class_count == 2
    assert len(data.train.classes) == 2


def test_a_class_without_images_is_refused(tmp_path):
    image_folder(tmp_path)
    (tmp_path / "train" / "dog" / "a.png").rename(tmp_path / "train" / "dog" / "a.txt")
    assert f"class 'dog' has no image (.bmp, .jpeg, .jpg, .png, .webp) in {tmp_path / 'train' / 'dog'}" in refusal(
        catalog.load, "folder", tmp_path
    )


def pixels_of(folder, image) -> np.ndarray:
    """An image as it is read at its own size."""
    image.save(folder / "a.png")
    return read_image(folder / "a.png", image.width)


def read_image(path, size) -> np.ndarray:
    from fatnn_bench.accuracy.datasets import folder

    return folder.Files((path,), np.zeros(1, np.int64), size).pixels(np.zeros(1, np.int64))[0]


def test_sixteen_bits_keep_256_levels(tmp_path):
    image = pytest.importorskip("PIL.Image")
    ramp = (np.arange(4096) * 16).astype(np.uint16).reshape(64, 64)
    found = pixels_of(tmp_path, image.fromarray(ramp))
    np.testing.assert_array_equal(found, np.broadcast_to(ramp >> 8, (3, 64, 64)))


@pytest.mark.parametrize("transparency", [None, bytes(range(256)), 7])
def test_palettes_are_looked_up(tmp_path, transparency):
    image = pytest.importorskip("PIL.Image")
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    palette = np.random.default_rng(0).integers(0, 256, (256, 3), np.uint8)
    picture = image.frombytes("P", (16, 16), indices.tobytes())
    picture.putpalette(palette.tobytes())
    if transparency is not None:
        picture.info["transparency"] = transparency
    np.testing.assert_array_equal(pixels_of(tmp_path, picture), palette[indices].transpose(2, 0, 1))


@pytest.mark.parametrize(("mode", "white"), [("1", 255), ("L", 200), ("RGBA", 200), ("LA", 200)])
def test_other_modes(tmp_path, mode, white):
    image = pytest.importorskip("PIL.Image")
    colour = {"1": 1, "L": 200, "RGBA": (200, 200, 200, 9), "LA": (200, 9)}[mode]
    assert np.unique(pixels_of(tmp_path, image.new(mode, (4, 4), colour))).tolist() == [white]


def test_numbers_without_a_white_are_refused(tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.new("F", (4, 4), 0.5).save(tmp_path / "a.tiff")
    assert "mode F, expected 8 or 16 bits" in refusal(read_image, tmp_path / "a.tiff", 4)


def png_of_zeros(width: int, height: int) -> bytes:
    """A picture of one bit a pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(height * (1 + -(-width // 8))), 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [10_000, 20_000])  # Pillow warns of the one and raises for the other
def test_a_decompression_bomb_is_refused_in_one_sentence(tmp_path, side):
    pytest.importorskip("PIL.Image")
    (tmp_path / "bomb.png").write_bytes(png_of_zeros(side, side))
    assert "bomb.png cannot be read as an image: Image size" in refusal(read_image, tmp_path / "bomb.png", 8)


def test_pipes_are_not_opened(tmp_path):
    image_folder(tmp_path)
    os.mkfifo(tmp_path / "test" / "cat" / "b.png")
    data = catalog.load("folder", tmp_path)
    assert "it is a pipe; mend or remove it" in refusal(data.test.pixels, np.array([1]))


def test_unknown_names_and_missing_folders(tmp_path):
    assert "there is no data set 'svhn'" in refusal(catalog.load, "svhn")
    assert "mnist does not ship with fatnn-bench" in refusal(catalog.load, "mnist")
    assert "there is no folder" in refusal(catalog.load, "mnist", tmp_path / "nowhere")
