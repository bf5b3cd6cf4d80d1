"""The arrays of an npz file that anyone may have written: nothing is run, and nothing is allocated on a claim alone."""

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.errors import UserError, legible
from fatnn_bench.files import gate

#: Bytes of all arrays together, unpacked: three times a ResNet-50 of 8 bits.
MAX_BYTES = 2**26
#: Arrays of a file.
MAX_ARRAYS = 2**14
#: Types that a network's arrays have.
_TYPES = tuple(map(np.dtype, (np.uint8, np.int8, np.int32, np.float32)))


def read(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz file by name.

    Raises
    ------
    UserError
        If it is missing, no npz file, damaged, encrypted, unpacks to more than MAX_BYTES, or holds anything but arrays
        of uint8, int8, int32 and float32.
    """
    file = io.BytesIO(gate.content(path, "`fatnn-bench export` makes an exported network", MAX_BYTES))
    try:
        with zipfile.ZipFile(file) as archive:
            return dict(_arrays(archive))
    except Exception as error:  # what is broken within a zip file can raise nearly anything
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UserError(
            f"{path} is truncated or no exported network ({legible(reason, 200)}); export it anew"
        ) from error


def _arrays(archive: zipfile.ZipFile) -> list[tuple[str, NDArray[Any]]]:
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    if len(members) > MAX_ARRAYS or total > MAX_BYTES:
        raise ValueError(f"{len(members)} arrays of {total} bytes, expected at most {MAX_ARRAYS} and {MAX_BYTES}")
    if len({member.filename for member in members}) < len(members):
        raise ValueError("two arrays of one name")
    return [(member.filename.removesuffix(".npy"), _array(member.filename, archive.read(member))) for member in members]


def _array(name: str, content: bytes) -> NDArray[Any]:
    """An array of a file in NumPy's format, version 1, whose header has to agree with the bytes that follow it."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError(f"{name} has another version than 1.0 of NumPy's format")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype not in _TYPES or fortran_order:
        raise ValueError(f"{name} is an array of {dtype}, expected one of {', '.join(map(str, _TYPES))} in C order")
    body = content[file.tell() :]
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(body):
        raise ValueError(f"{name} says it has shape {shape} of {dtype}, and {len(body)} bytes follow")
    return np.frombuffer(body, dtype).reshape(shape)
