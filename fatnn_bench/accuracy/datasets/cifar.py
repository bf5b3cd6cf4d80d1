"""CIFAR-10's python batches (https://www.cs.toronto.edu/~kriz/cifar.html): pickles, read without running them.

A pickle can call any function. The unpickler here knows what NumPy arrays of bytes need and refuses all else by name.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from fatnn_bench.accuracy.datasets.images import DataSet, InMemory, refuse_labels
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate

TRAIN = tuple(f"data_batch_{i}" for i in range(1, 6))
SIZE = 32

#: All that a batch may name: the rebuilding of an array, under its old and its new module.
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}


class _ArraysOnly(pickle._Unpickler):
    """Python's own, for the one in C fills memory up to whatever place of its memo a pickle names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no CIFAR batch needs")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def load(folder: Path) -> DataSet:
    """Return CIFAR-10 from a folder with its six batches, or with ``cifar-10-batches-py`` in it.

    Raises
    ------
    UserError
        If a batch is missing, or is not one.
    """
    inner = folder / "cifar-10-batches-py"
    folder = inner if gate.is_folder(inner) else folder
    for name in (*TRAIN, "test_batch"):
        if not gate.is_file(folder / name):
            raise UserError(
                f"cifar10: {name} is missing, looked for in {folder}; "
                "unpack cifar-10-python.tar.gz and name its folder with --data"
            )
    batches = [_batch(folder / name) for name in TRAIN]
    train = InMemory(
        np.concatenate([batch.all_pixels for batch in batches]), np.concatenate([batch.classes for batch in batches])
    )
    return DataSet("cifar10", train, _batch(folder / "test_batch"), 10, channels=3, size=SIZE, shift=4, flip=True)


def _batch(path: Path) -> InMemory:
    pickled = gate.content(path, "unpack the archive anew")
    try:
        content = _ArraysOnly(io.BytesIO(pickled), encoding="bytes").load()
        data, labels = content[b"data"], content[b"labels"]
        pixels = np.asarray(data, np.uint8).reshape(-1, 3, SIZE, SIZE)
        classes = np.asarray(labels, np.int64)
    except Exception as error:  # a broken pickle can raise nearly anything
        raise UserError(f"{path} is not a batch of CIFAR-10: {error}; unpack the archive anew") from error
    refuse_labels(path, classes, len(pixels), 10)
    return InMemory(pixels, classes)
