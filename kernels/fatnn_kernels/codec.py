"""From values to 32-bit words, and back: what a codec does.

Bit 0 of word 0 holds value 0. K is filled up with zero bits to whole words, which add nothing to any product here.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from fatnn_kernels.vector import Vector

#: Values of an operand, [R, K]: R vectors of K integers or floats.
Values: TypeAlias = NDArray[np.integer | np.floating]
#: Planes of packed words: [planes, R, words], for R vectors of K values.
Words: TypeAlias = NDArray[np.uint32]
#: Bound i of the v-th vector of values, in every lane.
Bounds: TypeAlias = Callable[[int, int], Vector]


class Encoder(Protocol):
    """How values become words: all that weights need."""

    @property
    def planes(self) -> int:
        """Words that hold different bits of the same values."""

    @property
    def values_per_word(self) -> int:
        """Values that a word of each plane holds; a divisor of 32."""

    def encode(self, values: Values) -> Words:
        """[R, K] -> words [planes, R, ⌈K / values_per_word⌉]."""


class Codec(Encoder, Protocol):
    """How values become words, also from floats while the clock runs: what activations need."""

    @property
    def levels(self) -> tuple[int, ...]:
        """The values, ascending, where thresholds tell which one a float or a sum becomes; else none."""

    @property
    def zero_level(self) -> int:
        """The index of the level whose bits are all zero."""

    @property
    def bounds(self) -> int:
        """Numbers that say how a float becomes a value."""

    @property
    def word_bytes(self) -> int:
        """Bytes that a word takes of an image: 4, or fewer where its upper bits are none of its own."""

    @property
    def bit_masks(self) -> NDArray[np.uint32]:
        """[bits, planes]: where the words of each plane have each bit of their values."""

    @property
    def level_words(self) -> NDArray[np.uint32]:
        """[levels, planes]: the words of an image that is of one level throughout."""

    @property
    def item(self) -> "np.dtype[np.generic]":
        """The type of one value in memory; bool where it is a bit of each plane."""

    @property
    def zero(self) -> int:
        """The item that stands for the value 0."""

    def filler(self, bounds: NDArray[np.float32]) -> float:
        """A float that becomes zero bits, or any float where those of x do not matter."""

    def quantise(
        self, builder: ir.IRBuilder, values: list[Vector], bounds: Bounds, out: ir.Value, column: ir.Value
    ) -> None:
        """Append code that stores vectors of neighbouring values as words.

        Parameters
        ----------
        values
            Of at least eight values together; floats, or, of a codec with levels, also sums.
        bounds
            Of the same type as the values.
        out
            u32*, the first word of a pixel, [word][plane].
        column
            i64, the channel of the first value, a multiple of eight.
        """

    def decode(self, words: NDArray[np.uint32], count: int) -> NDArray[np.int8] | NDArray[np.float32]:
        """Words [..., words, planes] -> the first ``count`` values, [..., count]."""


def as_words(values: Values) -> Words:
    """Reinterpret rows of small items [R, K] as 32-bit words [R, ⌈K·itemsize/4⌉], filled up with zero bytes."""
    rows, k = values.shape
    filled = -(-k * values.itemsize // 4) * 4 // values.itemsize
    if filled != k:
        padded = np.zeros((rows, filled), values.dtype)
        padded[:, :k] = values
        values = padded
    return np.ascontiguousarray(values).view(np.uint32)
