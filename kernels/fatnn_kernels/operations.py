"""The operations a ``step`` may use beside ``& | ^ ~ + -`` and ``>>``, on whatever its operands are.

NumPy arrays and scalars are computed here. Anything else (a SIMD vector under construction, say) brings its own method
of that name; in CUDA code, :mod:`fatnn_kernels.cuda.instructions` takes their place.
"""

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

_NUMPY = (np.ndarray, np.generic)


class Lanes(Protocol):
    """What ``step`` and ``finish`` compute on, words or sums: NumPy arrays, SIMD vectors, or registers of a GPU."""

    def __and__(self, other: "Self | int", /) -> Self: ...
    def __or__(self, other: Self, /) -> Self: ...
    def __xor__(self, other: "Self | int", /) -> Self: ...
    def __invert__(self) -> Self: ...
    def __rshift__(self, bits: int, /) -> Self: ...
    def __add__(self, other: Self, /) -> Self: ...
    def __sub__(self, other: "Self | int", /) -> Self: ...


#: The words of a step, or its accumulators.
Planes: TypeAlias = Sequence[Lanes]
#: What a step returns: the new accumulators.
Sums: TypeAlias = tuple[Lanes, ...]


def popcount(bits: Any) -> Any:
    """Number of one-bits in each word."""
    return np.bitwise_count(bits) if isinstance(bits, _NUMPY) else bits.popcount()


def multiply_add(acc: Any, x: Any, y: Any) -> Any:
    """acc + x·y, where x and y are words that hold one float32 each."""
    if isinstance(x, _NUMPY):
        return acc + x.view(np.float32) * y.view(np.float32)
    return x.multiply_add(acc, y)


def dot_pairs(acc: Any, x: Any, y: Any) -> Any:
    """acc + x₀y₀ + x₁y₁, where x and y are words of two int16."""
    return acc + _dot(x, np.int16, y, np.int16) if isinstance(x, _NUMPY) else x.dot_pairs(acc, y)


def dot_quads(acc: Any, x: Any, y: Any) -> Any:
    """acc + Σ xᵢyᵢ over the four bytes of a word: x unsigned, y signed."""
    return acc + _dot(x, np.uint8, y, np.int8) if isinstance(x, _NUMPY) else x.dot_quads(acc, y)


def dot_signed_quads(acc: Any, x: Any, y: Any) -> Any:
    """acc + Σ xᵢyᵢ over the four bytes of a word, both signed."""
    return acc + _dot(x, np.int8, y, np.int8) if isinstance(x, _NUMPY) else x.dot_signed_quads(acc, y)


def _dot(x: Any, x_part: DTypeLike, y: Any, y_part: DTypeLike) -> NDArray[np.int32]:
    """The sum over the parts of each word, which broadcast."""
    product = _parts(x, x_part) * _parts(y, y_part)
    return np.asarray(product.sum(-1, dtype=np.int32))


def _parts(words: Any, part: DTypeLike) -> NDArray[np.int32]:
    """Words [...] -> their parts [..., 4 / size of a part] as int32."""
    return np.asarray(words, order="C")[..., None].view(part).astype(np.int32)


def look_up(table: Any, x: Any, y: Any) -> Any:
    """Σ table[code of x, code of y] over the codes of a word of x, and of the words of y, four bytes each."""
    if not isinstance(x, _NUMPY):
        return x.look_up(table, *y)
    codes = np.arange(table.codes, dtype=np.uint32)
    of_x = np.asarray(x)[..., None] >> codes * np.uint32(table.x_bits) & np.uint32((1 << table.x_bits) - 1)
    of_y = np.stack(list(y), -1)[..., codes // 4] >> codes % 4 * np.uint32(8) & np.uint32(0xFF)
    return table.entries[of_x, of_y].sum(-1, dtype=np.int32)
