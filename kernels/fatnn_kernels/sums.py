"""Folding words into accumulators, one step after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from llvmlite import ir

from fatnn_kernels.operands import Source
from fatnn_kernels.tile import Tile, constant, loop
from fatnn_kernels.vector import I8, ByteCounted, Vector, splat, widen_bytes

#: Counts of 0 to 8 that a byte can take.
MOST_COUNTS = 255 // 8


@dataclass(frozen=True)
class Words:
    """The words of a tile's rows and columns, and what popcounts of them become."""

    tile: Tile
    rows: Source
    columns: Source
    kind: type[Vector] = Vector

    def x(self, builder: ir.IRBuilder, step: ir.Value, row: int) -> list[Vector]:
        """The words of a row at a step, each in every lane."""
        words = self.rows.words(builder, self.tile, step, row)
        return [self.kind(builder, self._in_every_lane(builder, word)) for word in words]

    def y(self, builder: ir.IRBuilder, step: ir.Value, vector: int) -> list[Vector]:
        """The words of a vector of columns at a step."""
        return [self.kind(builder, value) for value in self.columns.words(builder, self.tile, step, vector)]

    def _in_every_lane(self, builder: ir.IRBuilder, word: ir.Value) -> ir.Value:
        """A word of x, which is a vector already where it never was in memory."""
        return word if isinstance(word.type, ir.VectorType) else splat(builder, word, self.tile.lanes)


class Sums(Protocol):
    """What a tile has accumulated, wherever that lies."""

    def row(self, builder: ir.IRBuilder, row: int) -> list[list[Vector]]:
        """The accumulators of a row, [vector][accumulator]; asked for where they are used, once on each path there."""


@dataclass(frozen=True)
class RegisterSums:
    """Sums that never left the registers."""

    tile: Tile
    values: Sequence[ir.Value]  #: flat as [row][vector][accumulator]

    def row(self, builder: ir.IRBuilder, row: int) -> list[list[Vector]]:
        """A stretch of the values."""
        count, vectors = self.tile.product.accumulators, range(row * self.tile.vectors, (row + 1) * self.tile.vectors)
        return [[Vector(builder, value) for value in self.values[v * count : (v + 1) * count]] for v in vectors]


def zeros(tile: Tile, lanes: ir.VectorType) -> list[ir.Value]:
    """Accumulators that nothing was added to, flat as [row][vector][accumulator]."""
    cells = tile.rows * tile.vectors * tile.product.accumulators
    return [ir.Constant(lanes, None)] * cells


def sum_steps(
    builder: ir.IRBuilder, words: Words, start: Sequence[ir.Value], begin: ir.Value, end: ir.Value
) -> list[ir.Value]:
    """Fold the steps [begin, end), at least one, into the accumulators."""
    tile = words.tile
    product, count = tile.product, tile.product.accumulators

    def body(step: ir.Value, acc: Sequence[ir.Value]) -> list[ir.Value]:
        y = [words.y(builder, step, v) for v in range(tile.vectors)]
        new: list[ir.Value] = []
        for row in range(tile.rows):
            x = words.x(builder, step, row)
            for vector in range(tile.vectors):
                mine = [Vector(builder, value) for value in acc[len(new) : len(new) + count]]
                new += [a.value for a in product.step(mine, x, y[vector])]
        return new

    return loop(builder, begin, end, 1, start, body)


def sum_in_bytes(
    builder: ir.IRBuilder, words: Words, start: Sequence[ir.Value], begin: ir.Value, end: ir.Value
) -> list[ir.Value]:
    """The same, with counts kept in bytes for as many steps as cannot overflow 255, then added to ``start``."""
    tile = words.tile
    block = MOST_COUNTS // max(1, *tile.product.popcounts)
    counted = Words(tile, words.rows, words.columns, ByteCounted)
    byte_zeros = zeros(tile, ir.VectorType(I8, 4 * tile.lanes))

    def body(first: ir.Value, totals: Sequence[ir.Value]) -> list[ir.Value]:
        last = smaller(builder, builder.add(first, constant(block)), end)
        counts = sum_steps(builder, counted, byte_zeros, first, last)
        return [
            builder.add(total, widen_bytes(Vector(builder, count)).value)
            for total, count in zip(totals, counts, strict=True)
        ]

    return loop(builder, begin, end, block, start, body)


def smaller(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """The smaller of two signed integers."""
    return builder.select(builder.icmp_signed("<", a, b), a, b)
