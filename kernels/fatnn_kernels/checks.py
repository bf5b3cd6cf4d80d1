"""What compiled code trusts of an array, looked at once where a call is bound: it reads and writes where it is told."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import DTypeLike


def check_values(who: str, what: str, array: Any, shape: tuple[int, ...], dtype: DTypeLike) -> None:
    """Raise a ValueError unless ``array`` is one of this shape and type, in native byte order, however it lies."""
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{who}: {what} is {_described(array)}; expected {np.dtype(dtype)} of shape {shape}")


def check_memory(who: str, what: str, array: Any, shape: tuple[int, ...], dtype: DTypeLike) -> None:
    """The same, and contiguous in C order, each item on a multiple of its size: an address is all that code gets."""
    whole = isinstance(array, np.ndarray) and array.flags.c_contiguous and array.flags.aligned
    if not whole or array.shape != shape or array.dtype != dtype:
        expected = f"contiguous {np.dtype(dtype)} of shape {shape}"
        raise ValueError(f"{who}: {what} is {_described(array)}; expected {expected}")


def check_output(who: str, what: str, array: Any, shape: tuple[int, ...], dtype: DTypeLike, *inputs: Any) -> None:
    """The same, and writable, and apart from the ``inputs``, which are read when a part of it is written already."""
    check_memory(who, what, array, shape, dtype)
    check_written(who, what, array, *inputs)


def check_written(who: str, what: str, array: Any, *inputs: Any) -> None:
    """Raise a ValueError unless ``array`` may be written to and has no memory in common with the ``inputs``."""
    if not array.flags.writeable:
        raise ValueError(f"{who}: {what} is read-only; expected an array that can be written to")
    if any(np.may_share_memory(array, other) for other in inputs):
        raise ValueError(f"{who}: {what} shares memory with an operand; expected an array of its own")


def check_count(what: str, count: Any, least: int = 1) -> None:
    """Raise a ValueError unless ``count`` is a whole number, at least ``least``."""
    if not isinstance(count, Integral) or count < least:
        raise ValueError(f"{what} is {count!r}; expected a whole number, at least {least}")


def _described(array: Any) -> str:
    if not isinstance(array, np.ndarray):
        return f"a {type(array).__name__}"
    contiguous = "" if array.flags.c_contiguous else ", not contiguous"
    aligned = "" if array.flags.aligned else ", not aligned"
    return f"{array.dtype} of shape {array.shape}{contiguous}{aligned}"
