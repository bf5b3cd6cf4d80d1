"""From values to 32-bit words: the pieces codecs are made of.

Bit 0 of word 0 holds value 0. K is filled up with zero bits to whole words, which add nothing to any product here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.product import Words


@dataclass(frozen=True)
class BitCode:
    """A code in bit-planes, as a function of comparisons, so that it serves values and thresholds alike.

    ``planes`` gets ``ge``, where ge[i] tells whether a value reaches levels[i + 1], and returns a mask a plane. It is
    plain Python over ``& | ^ ~``: NumPy masks here, masks of SIMD lanes where floats are quantised.
    """

    levels: tuple[int, ...]  #: the values of the domain, ascending
    planes: Callable[[Sequence[Any]], tuple[Any, ...]]

    @property
    def zero_level(self) -> int:
        """The index of the level whose bits are all zero."""
        count = len(self.levels) - 1
        return next(
            level
            for level in range(count + 1)
            if not any(np.any(plane) for plane in self.planes([np.array(i < level) for i in range(count)]))
        )

    def __call__(self, values: NDArray[Any]) -> Words:
        """[R, K] -> words [planes, R, ⌈K/32⌉]."""
        return bit_planes(*self.planes([values >= level for level in self.levels[1:]]))

    def decode(self, words: NDArray[np.uint32], count: int) -> NDArray[np.int8]:
        """Words [..., words, planes] -> the first ``count`` values, [..., count]."""
        bits = np.unpackbits(np.ascontiguousarray(words.swapaxes(-1, -2)).view(np.uint8), axis=-1, bitorder="little")
        planes = bits[..., :count].astype(bool)
        values = np.zeros((*words.shape[:-2], count), np.int8)
        for index, level in enumerate(self.levels):
            code = self.planes([np.array(i < index) for i in range(len(self.levels) - 1)])
            values[np.all([planes[..., i, :] == bit for i, bit in enumerate(code)], axis=0)] = level
        return values


def bit_planes(*masks: NDArray[np.bool_]) -> Words:
    """Boolean masks [R, K], one a plane -> words [planes, R, ⌈K/32⌉], uint32."""
    return np.stack([as_words(np.packbits(mask, axis=1, bitorder="little")) for mask in masks])


def as_words(values: NDArray[Any]) -> NDArray[np.uint32]:
    """Reinterpret rows of small items [R, K] as 32-bit words [R, ⌈K·itemsize/4⌉], filled up with zero bytes."""
    rows, k = values.shape
    filled = -(-k * values.itemsize // 4) * 4 // values.itemsize
    if filled != k:
        padded = np.zeros((rows, filled), values.dtype)
        padded[:, :k] = values
        values = padded
    return np.ascontiguousarray(values).view(np.uint32)
