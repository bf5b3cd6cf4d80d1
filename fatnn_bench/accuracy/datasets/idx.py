"""MNIST and Fashion-MNIST: IDX files, plain or gzipped (format: https://yann.lecun.org/exdb/mnist/)."""

import gzip
import io
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.accuracy.datasets.images import DataSet, InMemory, refuse_labels
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate

#: The third byte of an IDX file says the type of its items; images and labels are unsigned bytes.
UNSIGNED_BYTE = 8


def load(name: str, folder: Path) -> DataSet:
    """Return ``mnist`` or ``fashion-mnist`` from the four files of a folder, named as they are distributed.

    Raises
    ------
    UserError
        If a file is missing or is not what it should be.
    """
    train, test = (_set(name, folder, prefix) for prefix in ("train", "t10k"))
    size, other = (part.all_pixels.shape[-1] for part in (train, test))
    if size != other:
        raise UserError(f"{name}: images of {size} pixels a side to train, of {other} to test; get the files anew")
    # A piece of clothing may be mirrored, a digit not.
    return DataSet(name, train, test, 10, channels=1, size=size, shift=2, flip=name == "fashion-mnist")


def _set(name: str, folder: Path, prefix: str) -> InMemory:
    path, images = _array(name, folder, f"{prefix}-images-idx3-ubyte", 3)
    if images.shape[1] != images.shape[2] or not images.shape[1]:
        raise UserError(f"{path}: images of {images.shape[1]}×{images.shape[2]} pixels; expected square ones")
    path, labels = _array(name, folder, f"{prefix}-labels-idx1-ubyte", 1)
    classes = labels.astype(np.int64)
    refuse_labels(path, classes, len(images), 10)
    return InMemory(images[:, None], classes)


def _array(name: str, folder: Path, stem: str, dimensions: int) -> tuple[Path, NDArray[np.uint8]]:
    candidates = [folder / stem, folder / f"{stem}.gz", folder / stem.replace("-idx", ".idx")]
    path = next((path for path in candidates if gate.is_file(path)), None)
    if path is None:
        raise UserError(
            f"{name}: {stem} or {stem}.gz is missing, looked for in {folder}; "
            "download it and name its folder with --data"
        )
    return path, parse(path, dimensions)


def parse(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes with so many dimensions. Raises UserError if it is none."""
    content = gate.content(path, "download it anew")
    if path.suffix == ".gz":
        content = _unpacked(path, content)
    head = 4 + 4 * dimensions
    if len(content) < head or content[:4] != bytes([0, 0, UNSIGNED_BYTE, dimensions]):
        raise UserError(f"{path} is not an IDX file of unsigned bytes with {dimensions} dimensions; download it anew")
    shape = tuple(np.frombuffer(content, ">u4", dimensions, offset=4).tolist())
    if len(content) - head != np.prod(shape, dtype=object):
        raise UserError(f"{path}: its head says {shape} and {len(content) - head} bytes follow; download it anew")
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def _unpacked(path: Path, content: bytes) -> bytes:
    """What a gzip file unpacks to, if that is not more than a plain file may hold."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            unpacked = file.read(gate.MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be unpacked: {error}; download it anew") from error
    if len(unpacked) > gate.MOST_BYTES:
        most = f"{gate.MOST_BYTES >> 20} MiB"
        raise UserError(f"{path} unpacks to more than {most}, the most that is read; download it anew")
    return unpacked
