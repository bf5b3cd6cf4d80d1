"""Values as numbers side by side in a word: integers of one or two bytes, and float32."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from fatnn_kernels.codec import Bounds, Values, Words, as_words
from fatnn_kernels.vector import I32, I64, Vector, call, constants, store


class _NumberCode:
    """What numbers have in common: a plane of them, of no levels, whose bits tell nothing by themselves."""

    levels: ClassVar[tuple[int, ...]] = ()
    zero_level: ClassVar[int] = 0
    planes: ClassVar[int] = 1
    word_bytes: ClassVar[int] = 4

    @property
    def bit_masks(self) -> NDArray[np.uint32]:
        """Of no bit is anything known by itself."""
        return np.zeros((1, 1), np.uint32)

    @property
    def level_words(self) -> NDArray[np.uint32]:
        """There are no levels."""
        return np.zeros((0, 1), np.uint32)

    def filler(self, bounds: NDArray[np.float32]) -> float:
        """Of y the filled-up words are zero: those of x do not matter."""
        return 0.0


@dataclass(frozen=True)
class IntegerCode(_NumberCode):
    """int8 values in items of one or two bytes, each with an offset that makes it what an instruction takes.

    A float becomes R(clip(value · bounds[0], −128, 127)), where R is round-half-even; a NaN becomes −128.
    """

    item_name: str  #: such as "int16"
    zero: int = 0
    bounds: ClassVar[int] = 1

    @property
    def item(self) -> np.dtype[np.generic]:
        """An integer of one or two bytes."""
        return np.dtype(self.item_name)

    @property
    def values_per_word(self) -> int:
        """Items that 32 bits hold."""
        return 4 // self.item.itemsize

    def encode(self, values: Values) -> Words:
        """[R, K] -> [1, R, ⌈K / values_per_word⌉]."""
        return as_words((values.astype(np.int16) + np.int16(self.zero)).astype(self.item))[None]

    def decode(self, words: NDArray[np.uint32], count: int) -> NDArray[np.int8]:
        """Words [..., words, 1] -> the first ``count`` values, [..., count]."""
        items = np.ascontiguousarray(words[..., 0]).view(self.item)[..., :count]
        return (items.astype(np.int16) - np.int16(self.zero)).astype(np.int8)

    def quantise(
        self, builder: ir.IRBuilder, values: list[Vector], bounds: Bounds, out: ir.Value, column: ir.Value
    ) -> None:
        """Items lie side by side, a channel each."""
        item = ir.IntType(8 * self.item.itemsize)
        at = builder.gep(builder.bitcast(out, item.as_pointer()), [column])
        for v, value in enumerate(values):
            lanes = value.value.type.count
            rounded = _rounded(builder, builder.fmul(value.value, bounds(0, v).value))
            whole = builder.fptosi(rounded, ir.VectorType(I32, lanes))
            if self.zero:
                whole = builder.add(whole, constants(whole.type, self.zero))
            narrow = builder.trunc(whole, ir.VectorType(item, lanes))
            store(builder, narrow, builder.gep(at, [ir.Constant(I64, v * lanes)]), align=1)


def _rounded(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """R(clip(value, −128, 127)); the comparison is false for a NaN, which becomes −128."""
    low, high = (constants(value.type, limit) for limit in (-128.0, 127.0))
    value = builder.select(builder.fcmp_ordered(">", value, low), value, low)
    value = builder.select(builder.fcmp_ordered("<", value, high), value, high)
    return call(builder, "llvm.roundeven", value)


@dataclass(frozen=True)
class FloatCode(_NumberCode):
    """float32 as it is, a value a word."""

    zero: ClassVar[int] = 0
    bounds: ClassVar[int] = 0
    values_per_word: ClassVar[int] = 1
    item: ClassVar[np.dtype[np.float32]] = np.dtype(np.float32)

    def encode(self, values: Values) -> Words:
        """[R, K] -> the same bits, [1, R, K]."""
        return as_words(values.astype(np.float32, copy=False))[None]

    def decode(self, words: NDArray[np.uint32], count: int) -> NDArray[np.float32]:
        """Words [..., words, 1] -> the first ``count`` values, [..., count]."""
        return np.ascontiguousarray(words[..., 0]).view(np.float32)[..., :count]

    def quantise(
        self, builder: ir.IRBuilder, values: list[Vector], bounds: Bounds, out: ir.Value, column: ir.Value
    ) -> None:
        """Floats lie side by side, a channel each."""
        at = builder.gep(out, [column])
        for v, value in enumerate(values):
            store(builder, value.value, builder.gep(at, [ir.Constant(I64, v * value.value.type.count)]))
