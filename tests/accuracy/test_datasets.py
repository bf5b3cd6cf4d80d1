"""Data sets: written by the test in their own formats, read back; every refusal."""

import gzip
import pickle
import struct

import numpy as np
import pytest

from fatnn_bench.accuracy.datasets import catalog, cifar, idx
from fatnn_bench.errors import UserError


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
    with pytest.raises(UserError, match="cannot be read"):
        idx.parse(path, 1)


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


def test_unknown_names_and_missing_folders(tmp_path):
    assert "there is no data set 'svhn'" in refusal(catalog.load, "svhn")
    assert "mnist does not ship with fatnn-bench" in refusal(catalog.load, "mnist")
    assert "there is no folder" in refusal(catalog.load, "mnist", tmp_path / "nowhere")
