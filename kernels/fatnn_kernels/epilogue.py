"""What becomes of a tile's sums: results in memory, or words of the next layer's image."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llvmlite import ir

from fatnn_kernels.codec import BitCode
from fatnn_kernels.tile import Tile, constant, sum_type
from fatnn_kernels.vector import I8, Vector, load, splat, store


@dataclass(frozen=True)
class StoreResults:
    """C = finish(Σ step, n): n is the terms of row and column, or C itself where another part of K went before."""

    x_term: ir.Value  #: dtype*, [rows]
    y_term: ir.Value  #: dtype*, [columns]
    first: ir.Value  #: i1: whether the result starts at the terms, or goes on from what C holds
    c: ir.Value  #: dtype*, where the result goes
    c_stride: ir.Value  #: i64, items from a row of C to the next

    def emit(self, builder: ir.IRBuilder, tile: Tile, sums: Sequence[ir.Value]) -> None:
        with builder.if_else(self.first) as (then, otherwise):
            with then:
                for row, terms in enumerate(row_terms(builder, tile, self.x_term, self.y_term)):
                    self._finish_row(builder, tile, sums, row, terms)
            with otherwise:
                for row in range(tile.rows):
                    so_far = [load_sum(builder, tile, self._row(builder, row), v) for v in range(tile.vectors)]
                    self._finish_row(builder, tile, sums, row, so_far)

    def _row(self, builder: ir.IRBuilder, row: int) -> ir.Value:
        return builder.gep(self.c, [builder.mul(self.c_stride, constant(row))])

    def _finish_row(
        self, builder: ir.IRBuilder, tile: Tile, sums: Sequence[ir.Value], row: int, terms: Sequence[Vector]
    ) -> None:
        out = self._row(builder, row)
        for v, result in enumerate(finish_row(builder, tile, sums, row, terms)):
            store(builder, result.value, builder.gep(out, [constant(v * tile.lanes)]))


@dataclass(frozen=True)
class StorePlanes:
    """The results, quantised by thresholds of their column, as words of the next layer's image: no result in memory.

    A threshold is the least result that reaches a level, so that ge = result ≥ threshold is what the code is made of.
    """

    code: BitCode
    x_term: ir.Value  #: i32*, [rows]
    y_term: ir.Value  #: i32*, [columns]
    thresholds: ir.Value  #: i32*, [levels − 1][stride], at the tile's first column
    stride: ir.Value  #: i64, columns of the whole layer
    out: ir.Value  #: u32*, the next layer's image
    targets: ir.Value  #: i64*, [rows], where in it the first word of each row's output pixel lies
    column: ir.Value  #: i64, the tile's first column, a multiple of the tile's columns

    def emit(self, builder: ir.IRBuilder, tile: Tile, sums: Sequence[ir.Value]) -> None:
        bounds = [
            builder.gep(self.thresholds, [builder.mul(self.stride, constant(i))])
            for i in range(len(self.code.levels) - 1)
        ]
        for row, terms in enumerate(row_terms(builder, tile, self.x_term, self.y_term)):
            target = builder.gep(self.out, [builder.load(builder.gep(self.targets, [constant(row)]))])
            planes: list[list[ir.Value]] = []
            for v, result in enumerate(finish_row(builder, tile, sums, row, terms)):
                ge = [
                    Vector(builder, builder.icmp_signed(">=", result.value, load_sum(builder, tile, bound, v).value))
                    for bound in bounds
                ]
                planes.append([mask.value for mask in self.code.planes(ge)])
            for plane, masks in enumerate(zip(*planes, strict=True)):
                self._store_bits(builder, tile, target, plane, masks)

    def _store_bits(
        self, builder: ir.IRBuilder, tile: Tile, out: ir.Value, plane: int, masks: Sequence[ir.Value]
    ) -> None:
        """One bit a column, in pieces of whole bytes: column c is bit c mod 32 of word ⌊c/32⌋."""
        planes = tile.product.x_planes
        for first, bits in whole_bytes(builder, masks):
            column = builder.add(self.column, constant(first))
            word = builder.add(builder.mul(builder.lshr(column, constant(5)), constant(planes)), constant(plane))
            byte = builder.lshr(builder.and_(column, constant(31)), constant(3))
            at = builder.bitcast(builder.gep(out, [word]), I8.as_pointer())
            store(builder, bits, builder.gep(at, [byte]), align=1)


def whole_bytes(builder: ir.IRBuilder, masks: Sequence[ir.Value]) -> Iterator[tuple[int, ir.Value]]:
    """Masks of neighbouring lanes -> (first lane, integer of their bits), each of at least eight bits."""
    lanes = masks[0].type.count
    together = max(1, 8 // lanes)
    for first in range(0, len(masks), together):
        bits = ir.Constant(ir.IntType(together * lanes), 0)
        for i, mask in enumerate(masks[first : first + together]):
            piece = builder.bitcast(mask, ir.IntType(lanes))
            if together > 1:
                piece = builder.shl(builder.zext(piece, bits.type), ir.Constant(bits.type, i * lanes))
            bits = builder.or_(bits, piece)
        yield first * lanes, bits


def row_terms(builder: ir.IRBuilder, tile: Tile, x_term: ir.Value, y_term: ir.Value) -> Iterator[list[Vector]]:
    """n = x_term + y_term of each row: a vector for every vector of columns."""
    y_terms = [load_sum(builder, tile, y_term, v) for v in range(tile.vectors)]
    for row in range(tile.rows):
        of_row = splat(builder, builder.load(builder.gep(x_term, [constant(row)])), tile.lanes)
        yield [Vector(builder, of_row) + of_columns for of_columns in y_terms]


def finish_row(
    builder: ir.IRBuilder, tile: Tile, sums: Sequence[ir.Value], row: int, terms: Sequence[Vector]
) -> Iterator[Vector]:
    """finish(acc, n) of one row: a vector for every vector of columns."""
    count = tile.product.accumulators
    for v, term in enumerate(terms):
        cell = (row * tile.vectors + v) * count
        yield tile.product.finish([Vector(builder, value) for value in sums[cell : cell + count]], term)


def load_sum(builder: ir.IRBuilder, tile: Tile, pointer: ir.Value, vector: int) -> Vector:
    return Vector(builder, load(builder, builder.gep(pointer, [constant(vector * tile.lanes)]), sum_type(tile)))
