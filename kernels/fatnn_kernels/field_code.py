"""Values in fields of a few neighbouring bits, one behind the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from fatnn_kernels.bit_code import BitCode, whole_bytes
from fatnn_kernels.codec import Bounds, Values, Words
from fatnn_kernels.vector import I8, I16, I32, I64, Vector, constants, store

#: The first bit of every field of a word, by the bits of a field.
_FIRST_BITS = {1: 0xFFFF_FFFF, 2: 0x5555_5555}


@dataclass(frozen=True)
class FieldCode:
    """A code whose bits lie side by side: value k of a row is its bits [k·b, (k + 1)·b), bit p that of plane p.

    An image has such rows as they are. A word that a step takes is a stretch of ``word_bits`` of them.
    """

    code: BitCode  #: the bits of a value, b of them
    word_bits: int = 32  #: whole fields, in whole bytes
    item: ClassVar[np.dtype[np.bool_]] = np.dtype(np.bool_)
    zero: ClassVar[int] = 0
    planes: ClassVar[int] = 1

    @property
    def bits(self) -> int:
        """Bits of a value: 1 or 2."""
        return self.code.planes

    @property
    def values_per_word(self) -> int:
        return self.word_bits // self.bits

    @property
    def word_bytes(self) -> int:
        return self.word_bits // 8

    @property
    def bit_masks(self) -> NDArray[np.uint32]:
        """[bits, 1]: every second bit, or all of them."""
        return np.array([[_FIRST_BITS[self.bits] << bit] for bit in range(self.bits)], np.uint32)

    @property
    def level_words(self) -> NDArray[np.uint32]:
        """[levels, 1]: a level's field, again and again."""
        return (self.fields(np.array(self.levels)) * np.uint32(_FIRST_BITS[self.bits]))[:, None]

    @property
    def levels(self) -> tuple[int, ...]:
        return self.code.levels

    @property
    def zero_level(self) -> int:
        return self.code.zero_level

    @property
    def bounds(self) -> int:
        return self.code.bounds

    def filler(self, bounds: NDArray[np.float32]) -> float:
        return self.code.filler(bounds)

    def fields(self, values: Values) -> NDArray[np.uint32]:
        """[R, K] -> the field of each value."""
        masks = self.code.masks([values >= level for level in self.levels[1:]])
        fields: NDArray[np.uint32] = np.bitwise_or.reduce([mask.astype(np.uint32) << i for i, mask in enumerate(masks)])
        return fields

    def encode(self, values: Values) -> Words:
        """[R, K] -> words [1, R, ⌈K / values_per_word⌉]."""
        return joined(self.fields(values), self.values_per_word, self.bits)[None]

    def decode(self, words: NDArray[np.uint32], count: int) -> NDArray[np.int8]:
        """Rows [..., words, 1] of an image -> their first ``count`` values, [..., count]."""
        row = np.ascontiguousarray(words[..., 0]).view(np.uint8)
        bits = np.unpackbits(row, axis=-1, count=count * self.bits, bitorder="little")
        fields = np.packbits(bits.reshape(*bits.shape[:-1], count, self.bits), axis=-1, bitorder="little")[..., 0]
        by_field = np.zeros(1 << self.bits, np.int8)
        by_field[self.fields(np.array(self.levels))] = self.levels
        return by_field[fields]

    def quantise(
        self, builder: ir.IRBuilder, values: list[Vector], bounds: Bounds, out: ir.Value, column: ir.Value
    ) -> None:
        """ge[i] = value ≥ bounds[i]; a NaN compares false and becomes the lowest level."""
        masks = []
        for v, value in enumerate(values):
            masks.append(self.code.masks([value.reaches(bounds(i, v)) for i in range(self.bounds)]))
        first_byte = builder.lshr(builder.mul(column, ir.Constant(I64, self.bits)), ir.Constant(I64, 3))
        at = builder.gep(builder.bitcast(out, I8.as_pointer()), [first_byte])
        pieces = (_pairs if self.bits == 2 else _single)(builder, masks)
        for first, piece in pieces:
            store(builder, piece, builder.gep(at, [ir.Constant(I64, first * self.bits // 8)]), align=1)


def joined(fields: NDArray[np.uint32], count: int, bits: int) -> NDArray[np.uint32]:
    """Fields of so many bits, [R, K] -> words of ``count`` each, [R, ⌈K / count⌉]; the first is in the lowest bits."""
    rows, k = fields.shape
    filled = np.zeros((rows, -(-k // count) * count), np.uint32)
    filled[:, :k] = fields
    shifts = np.arange(count, dtype=np.uint32) * bits
    words: NDArray[np.uint32] = np.bitwise_or.reduce(filled.reshape(rows, -1, count) << shifts, axis=-1)
    return words


def _single(builder: ir.IRBuilder, masks: list[tuple[Vector, ...]]) -> Iterator[tuple[int, ir.Value]]:
    """Fields of one bit, which a mask is: (first value, its bits) of each stretch."""
    return whole_bytes(builder, [of_value for (of_value,) in masks])


def _pairs(builder: ir.IRBuilder, masks: list[tuple[Vector, ...]]) -> Iterator[tuple[int, ir.Value]]:
    """Fields of two bits: a byte a value, then two values a byte, then four."""
    lanes = masks[0][0].value.type.count
    together = max(1, 8 // lanes)
    for first in range(0, len(masks), together):
        some = masks[first : first + together]
        low, high = (_side_by_side(builder, [of_value[plane] for of_value in some]) for plane in (0, 1))
        bytes_ = ir.VectorType(I8, low.type.count)
        fields = builder.or_(
            builder.select(low, constants(bytes_, 1), constants(bytes_, 0)),
            builder.select(high, constants(bytes_, 2), constants(bytes_, 0)),
        )
        for bits in (2, 4):
            fields = _halved(builder, fields, bits)
        yield first * lanes, builder.bitcast(fields, ir.IntType(8 * fields.type.count))


def _side_by_side(builder: ir.IRBuilder, masks: list[Vector]) -> ir.Value:
    """Masks of neighbouring lanes as one."""
    joined = masks[0].value
    for mask in masks[1:]:
        count = joined.type.count + mask.value.type.count
        joined = builder.shuffle_vector(joined, mask.value, ir.Constant(ir.VectorType(I32, count), list(range(count))))
    return joined


def _halved(builder: ir.IRBuilder, fields: ir.Value, bits: int) -> ir.Value:
    """Bytes of so many bits -> half as many of twice the bits."""
    pairs = builder.bitcast(fields, ir.VectorType(I16, fields.type.count // 2))
    both = builder.or_(pairs, builder.lshr(pairs, constants(pairs.type, 8 - bits)))
    return builder.trunc(both, ir.VectorType(I8, pairs.type.count))
