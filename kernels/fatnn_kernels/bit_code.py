"""Values in bit-planes, 32 to a word."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from fatnn_kernels.codec import Bounds, Values, Words, as_words
from fatnn_kernels.vector import I8, I64, Vector, store

#: ge -> a mask a plane, for NumPy masks and masks of SIMD lanes alike.
Masks: TypeAlias = Callable[[Sequence[Any]], tuple[Any, ...]]


#: A word of ones.
_ALL = 0xFFFF_FFFF


@dataclass(frozen=True, repr=False)
class BitCode:
    """A code in bit-planes, as a function of comparisons, so that it serves values and thresholds alike.

    ``masks`` gets ``ge``, where ge[i] tells whether a value reaches levels[i + 1], and returns a mask a plane. It is
    plain Python over ``& | ^ ~``: NumPy masks here, masks of SIMD lanes where floats or sums are quantised.
    """

    levels: tuple[int, ...]  #: the values of the domain, ascending
    masks: Masks
    values_per_word: ClassVar[int] = 32
    word_bytes: ClassVar[int] = 4
    item: ClassVar[np.dtype[np.bool_]] = np.dtype(np.bool_)
    zero: ClassVar[int] = 0

    def __repr__(self) -> str:
        """Levels and their bits: all that the code is, wherever its function lies in memory."""
        return f"BitCode({dict(zip(self.levels, map(self._code, range(len(self.levels))), strict=True))})"

    @property
    def planes(self) -> int:
        """Bits of a value, a plane each."""
        return len(self._code(0))

    @property
    def bit_masks(self) -> NDArray[np.uint32]:
        """A bit has a plane of its own."""
        return np.diag(np.full(self.planes, _ALL, np.uint32))

    @property
    def level_words(self) -> NDArray[np.uint32]:
        """Ones where a level has the plane's bit, or zeros."""
        return np.array([np.where(self._code(index), _ALL, 0) for index in range(len(self.levels))], np.uint32)

    @property
    def bounds(self) -> int:
        """The least float of each level but the lowest."""
        return len(self.levels) - 1

    @property
    def zero_level(self) -> int:
        """The index of the level whose bits are all zero."""
        return next(level for level in range(len(self.levels)) if not any(self._code(level)))

    def filler(self, bounds: NDArray[np.float32]) -> float:
        """A float of the level whose bits are all zero."""
        return float(bounds[self.zero_level - 1]) if self.zero_level else -np.inf

    def encode(self, values: Values) -> Words:
        """[R, K] -> words [planes, R, ⌈K/32⌉]."""
        return bit_planes(*self.masks([values >= level for level in self.levels[1:]]))

    def decode(self, words: NDArray[np.uint32], count: int) -> NDArray[np.int8]:
        """Words [..., words, planes] -> the first ``count`` values, [..., count]."""
        bits = np.unpackbits(np.ascontiguousarray(words.swapaxes(-1, -2)).view(np.uint8), axis=-1, bitorder="little")
        planes = bits[..., :count].astype(bool)
        values = np.zeros((*words.shape[:-2], count), np.int8)
        for index, level in enumerate(self.levels):
            values[np.all([planes[..., i, :] == bit for i, bit in enumerate(self._code(index))], axis=0)] = level
        return values

    def _code(self, level: int) -> tuple[bool, ...]:
        """The bits, one a plane, of a level by its index."""
        return tuple(bool(bit) for bit in self.masks([np.array(i < level) for i in range(self.bounds)]))

    def quantise(
        self, builder: ir.IRBuilder, values: list[Vector], bounds: Bounds, out: ir.Value, column: ir.Value
    ) -> None:
        """ge[i] = value ≥ bounds[i]; a NaN compares false and becomes the lowest level. Column c is bit c mod 32."""
        masks = []
        for v, value in enumerate(values):
            masks.append(self.masks([value.reaches(bounds(i, v)) for i in range(self.bounds)]))
        for plane, of_plane in enumerate(zip(*masks, strict=True)):
            for first, bits in whole_bytes(builder, of_plane):
                at = builder.add(column, ir.Constant(I64, first))
                word = builder.mul(builder.lshr(at, ir.Constant(I64, 5)), ir.Constant(I64, self.planes))
                byte = builder.lshr(builder.and_(at, ir.Constant(I64, 31)), ir.Constant(I64, 3))
                pointer = builder.gep(out, [builder.add(word, ir.Constant(I64, plane))])
                store(builder, bits, builder.gep(builder.bitcast(pointer, I8.as_pointer()), [byte]), align=1)


def bit_planes(*masks: NDArray[np.bool_]) -> Words:
    """Boolean masks [R, K], one a plane -> words [planes, R, ⌈K/32⌉], uint32."""
    return np.stack([as_words(np.packbits(mask, axis=1, bitorder="little")) for mask in masks])


def whole_bytes(builder: ir.IRBuilder, masks: Sequence[Vector]) -> Iterator[tuple[int, ir.Value]]:
    """Masks of neighbouring lanes -> (first lane, integer of their bits), each of at least eight bits."""
    lanes = masks[0].value.type.count
    together = max(1, 8 // lanes)
    for first in range(0, len(masks), together):
        bits = ir.Constant(ir.IntType(together * lanes), 0)
        for i, mask in enumerate(masks[first : first + together]):
            piece = builder.bitcast(mask.value, ir.IntType(lanes))
            if together > 1:
                piece = builder.shl(builder.zext(piece, bits.type), ir.Constant(bits.type, i * lanes))
            bits = builder.or_(bits, piece)
        yield first * lanes, bits
