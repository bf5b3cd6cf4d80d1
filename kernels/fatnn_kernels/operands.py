"""Where a tile finds its operands: packed, in an image, or in registers only.

A named tuple is what compiled functions are given; its ``at`` makes the source that one tile reads from.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from fatnn_kernels.memory import Here, Memory
from fatnn_kernels.tile import Tile, constant
from fatnn_kernels.vector import I8, I32, load, splat


class Source(Protocol):
    """Gives the words of x or y at a step."""

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        """For x the u32 of row ``index``; for y, SIMD vectors of them, of the ``index``-th vector of columns."""


class PackedX(NamedTuple):
    """x, packed for the tile."""

    words: NDArray[np.uint32]  #: [tile][step][word][row]

    @staticmethod
    def at(here: Here, words: Memory) -> Source:
        """The rows of a tile, from its first step on."""
        return PackedRows(words.at(here.builder, here.row_tile, here.step))


class ImageX(NamedTuple):
    """x, in an image: the words of row m at step k begin at ``pixels[m] + taps[k]``."""

    image: NDArray[np.uint32]
    pixels: NDArray[np.int64]  #: [rows], words from the image's begin; bytes where an image has words of fewer
    taps: NDArray[np.int64]  #: [steps], as many from there

    @staticmethod
    def at(here: Here, image: Memory, pixels: Memory, taps: Memory) -> Source:
        """The rows of a tile, from its first step on."""
        builder, first = here.builder, pixels.at(here.builder, here.row)
        item = I32 if here.tile.product.x.codec.word_bytes == 4 else I8
        begin = builder.bitcast(image.pointer, item.as_pointer())
        bases = [
            builder.gep(begin, [builder.load(builder.gep(first, [constant(row)]))]) for row in range(here.tile.rows)
        ]
        return TappedRows(bases, taps.at(builder, here.step))


class RegisterX(NamedTuple):
    """x, of which the first word is in registers, used again and again."""

    words: NDArray[np.uint32]  #: as of :class:`PackedX`

    @staticmethod
    def at(here: Here, words: Memory) -> Source:
        """The first word of the tile's first row, in every lane."""
        builder, tile = here.builder, here.tile
        first = PackedX.at(here, words).words(builder, tile, constant(0), 0)
        return RegisterOperand([splat(builder, word, tile.lanes) for word in first])


class PackedY(NamedTuple):
    """y, packed for the tile."""

    words: NDArray[np.uint32]  #: [tile][step][word][column]

    @staticmethod
    def at(here: Here, words: Memory) -> Source:
        """The columns of a tile, from its first step on."""
        return PackedColumns(words.at(here.builder, here.column_tile, here.step))


class RegisterY(NamedTuple):
    """y, of which the first word is in registers, used again and again."""

    words: NDArray[np.uint32]  #: as of :class:`PackedY`

    @staticmethod
    def at(here: Here, words: Memory) -> Source:
        """The first word of the tile's first vector of columns."""
        return RegisterOperand(PackedY.at(here, words).words(here.builder, here.tile, constant(0), 0))


@dataclass(frozen=True)
class PackedRows:
    """Rows of x packed for the tile, [step][word][row]."""

    pointer: ir.Value  #: u32*

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        """A word of each plane lies ``tile.rows`` words behind that of the one before."""
        count = tile.product.words("x")
        at = builder.gep(self.pointer, [builder.mul(step, constant(count * tile.rows))])
        return [builder.load(builder.gep(at, [constant(word * tile.rows + index)])) for word in range(count)]


@dataclass(frozen=True)
class TappedRows:
    """Rows of x in an image: step k of a row is at its own base plus the offset of tap k, the same for all rows."""

    bases: Sequence[ir.Value]  #: u32*, or u8* where an image has words of fewer bytes; a row each
    taps: ir.Value  #: i64*, offsets of such items

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        """The words of a tap lie side by side."""
        tap = builder.load(builder.gep(self.taps, [step]))
        at = builder.bitcast(builder.gep(self.bases[index], [tap]), I32.as_pointer())
        words, align = range(tile.product.words("x")), math.gcd(4, tile.product.x.codec.word_bytes)
        return [builder.load(builder.gep(at, [constant(word)]), align=align) for word in words]


@dataclass(frozen=True)
class PackedColumns:
    """Columns of y packed for the tile, [step][word][column]."""

    pointer: ir.Value  #: u32*

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        """A vector of each plane lies ``tile.columns`` words behind that of the one before."""
        count, lanes = tile.product.words("y"), ir.VectorType(I32, tile.lanes)
        at = builder.gep(self.pointer, [builder.mul(step, constant(count * tile.columns))])
        return [
            load(builder, builder.gep(at, [constant(word * tile.columns + index * tile.lanes)]), lanes)
            for word in range(count)
        ]


class RegisterOperand:
    """An operand that never was in memory: what is left is the arithmetic, the limit of any kernel of the product.

    An empty piece of assembly makes each use look new, so that LLVM cannot move work out of the loop. What it renewed
    is what it renews next: otherwise each use would cost a copy of the register.
    """

    def __init__(self, values: Sequence[ir.Value]) -> None:
        self._values = list(values)  #: a SIMD vector a word, of x and y alike
        self._block: ir.Block | None = None
        self._renewed: list[ir.Value] = []

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        """The same SIMD vectors for all rows or columns, made to look new."""
        if builder.block is not self._block:
            self._block, self._renewed = builder.block, self._values
        self._renewed = [_renewed(builder, value) for value in self._renewed]
        return self._renewed


def _renewed(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    register = "w" if "aarch64" in builder.module.triple else "v"
    signature = ir.FunctionType(value.type, [value.type])
    return builder.call(ir.InlineAsm(signature, "", f"={register},0", side_effect=True), [value])
