"""The register tile: rows × columns of inner products whose accumulators never leave the registers.

Vectors run along the columns of the result (output channels), and the words of x are broadcast, so that no sum across
lanes is needed and a short K costs nothing. y is packed [tile][word][plane][column]. What a tile does is to accumulate
(:mod:`fatnn_kernels.accumulate`), then to store (:mod:`fatnn_kernels.epilogue`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from llvmlite import ir

from fatnn_kernels.product import Product
from fatnn_kernels.target import Counting
from fatnn_kernels.vector import F32, I32, I64, Vector, load, splat


@dataclass(frozen=True)
class Tile:
    """A product on one shape of registers."""

    product: Product
    rows: int  #: rows of the result, x vectors
    vectors: int  #: SIMD vectors side by side along the columns
    lanes: int  #: 32-bit lanes of a SIMD vector
    counting: Counting  #: how popcounts are summed

    @property
    def columns(self) -> int:
        """Columns of the result."""
        return self.vectors * self.lanes


class Rows(Protocol):
    """Where a tile finds the words of its rows."""

    def word(self, builder: ir.IRBuilder, tile: Tile, word: ir.Value, row: int, plane: int) -> ir.Value:
        """u32*, the address of a plane's word of one row."""


@dataclass(frozen=True)
class PackedRows:
    """Rows that were packed for the tile, [word][plane][row]."""

    pointer: ir.Value  #: u32*

    def word(self, builder: ir.IRBuilder, tile: Tile, word: ir.Value, row: int, plane: int) -> ir.Value:
        planes = tile.product.x_planes
        at = builder.gep(self.pointer, [builder.mul(word, constant(planes * tile.rows))])
        return builder.gep(at, [constant(plane * tile.rows + row)])


@dataclass(frozen=True)
class TappedRows:
    """Rows that lie in an image: word k of a row is at its own base plus the offset of tap k, the same for all rows."""

    bases: Sequence[ir.Value]  #: u32*, a row each
    taps: ir.Value  #: i64*, offsets in words

    def word(self, builder: ir.IRBuilder, tile: Tile, word: ir.Value, row: int, plane: int) -> ir.Value:
        tap = builder.load(builder.gep(self.taps, [word]))
        return builder.gep(builder.gep(self.bases[row], [tap]), [constant(plane)])


def sum_type(tile: Tile) -> ir.VectorType:
    """The type of a SIMD vector of results."""
    return ir.VectorType(F32 if tile.product.accumulate == "float32" else I32, tile.lanes)


def load_columns(
    builder: ir.IRBuilder, tile: Tile, y: ir.Value, word: ir.Value, kind: type[Vector]
) -> list[list[Vector]]:
    """The planes of each vector of columns at this word."""
    planes = tile.product.y_planes
    at = builder.gep(y, [builder.mul(word, constant(planes * tile.columns))])
    lanes = ir.VectorType(I32, tile.lanes)
    return [
        [
            kind(builder, load(builder, builder.gep(at, [constant(plane * tile.columns + v * tile.lanes)]), lanes))
            for plane in range(planes)
        ]
        for v in range(tile.vectors)
    ]


def load_row(
    builder: ir.IRBuilder, tile: Tile, rows: Rows, word: ir.Value, row: int, kind: type[Vector]
) -> list[Vector]:
    """The planes of one row at this word, in every lane."""
    pointers = [rows.word(builder, tile, word, row, plane) for plane in range(tile.product.x_planes)]
    return [kind(builder, splat(builder, builder.load(pointer), tile.lanes)) for pointer in pointers]


def constant(value: int) -> ir.Constant:
    return ir.Constant(I64, value)


def loop(
    builder: ir.IRBuilder,
    begin: ir.Value,
    end: ir.Value,
    step: int,
    start: Sequence[ir.Value],
    body: Callable[[ir.Value, Sequence[ir.Value]], list[ir.Value]],
) -> list[ir.Value]:
    """``for i in range(begin, end, step): values = body(i, values)``, run at least once; returns the last values."""
    entry = builder.block
    loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
    builder.branch(loop)
    builder.position_at_end(loop)
    index = builder.phi(I64)
    index.add_incoming(begin, entry)
    carried = [builder.phi(value.type) for value in start]
    for phi, value in zip(carried, start, strict=True):
        phi.add_incoming(value, entry)
    new = body(index, carried)
    following = builder.add(index, constant(step))
    index.add_incoming(following, builder.block)
    for phi, value in zip(carried, new, strict=True):
        phi.add_incoming(value, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, end), loop, done)
    builder.position_at_end(done)
    return new
