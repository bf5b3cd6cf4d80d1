"""Ternary values as numbers: a byte each, or two bits each that shifts turn into bytes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from fatnn_kernels.codec import Bounds, Values, Words, as_words
from fatnn_kernels.vector import I8, I64, Vector, store


@dataclass(frozen=True)
class TritBytes:
    """A value a byte, as int8."""

    levels: ClassVar[tuple[int, ...]] = (-1, 0, 1)
    zero_level: ClassVar[int] = 1
    bounds: ClassVar[int] = 2
    planes: ClassVar[int] = 1
    values_per_word: ClassVar[int] = 4
    word_bytes: ClassVar[int] = 4
    item: ClassVar[np.dtype[np.int8]] = np.dtype(np.int8)
    zero: ClassVar[int] = 0

    @property
    def bit_masks(self) -> NDArray[np.uint32]:
        """Of no bit is anything known by itself."""
        return np.zeros((1, 1), np.uint32)

    @property
    def level_words(self) -> NDArray[np.uint32]:
        """A level in every byte."""
        (words,) = self.encode(np.repeat(np.array(self.levels)[:, None], 4, axis=1))
        return np.asarray(words)

    def filler(self, bounds: NDArray[np.float32]) -> float:
        """The least float that becomes 0."""
        return float(bounds[0])

    def encode(self, values: Values) -> Words:
        """[R, K] -> [1, R, ⌈K/4⌉]."""
        return as_words(values.astype(np.int8))[None]

    def decode(self, words: NDArray[np.uint32], count: int) -> NDArray[np.int8]:
        """Words [..., words, 1] -> the first ``count`` values, [..., count]."""
        return np.ascontiguousarray(words[..., 0]).view(np.int8)[..., :count]

    def quantise(
        self, builder: ir.IRBuilder, values: list[Vector], bounds: Bounds, out: ir.Value, column: ir.Value
    ) -> None:
        """[value ≥ bounds[0]] + [value ≥ bounds[1]] − 1; a NaN compares false and becomes −1."""
        at = builder.gep(builder.bitcast(out, I8.as_pointer()), [column])
        for v, value in enumerate(values):
            lanes = value.value.type.count
            bytes_ = ir.VectorType(I8, lanes)
            some, more = (builder.zext(value.reaches(bounds(level, v)).value, bytes_) for level in range(2))
            trits = builder.sub(builder.add(some, more), ir.Constant(bytes_, [1] * lanes))
            store(builder, trits, builder.gep(at, [ir.Constant(I64, v * lanes)]), align=1)


@dataclass(frozen=True)
class TritPairs:
    """Two bits a value, the lowest of its two's complement. Value 4i + b of a word has bits 2i and 2i + 1 of byte b."""

    planes: ClassVar[int] = 1
    values_per_word: ClassVar[int] = 16

    def encode(self, values: Values) -> Words:
        """[R, K] -> [1, R, ⌈K/16⌉]."""
        rows, k = values.shape
        codes = np.zeros((rows, -(-k // 16), 4, 4), np.uint8)  # [row, word, i, b]
        codes.reshape(rows, -1)[:, :k] = values.astype(np.int8).view(np.uint8) & 3
        shifts = 2 * np.arange(4, dtype=np.uint8)[:, None]
        words: Words = np.bitwise_or.reduce(codes << shifts, axis=2).view(np.uint32)
        return words[None, ..., 0]
