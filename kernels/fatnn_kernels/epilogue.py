"""What becomes of a tile's sums: results in memory, or words of the next layer's image."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llvmlite import ir

from fatnn_kernels.tile import Tile, constant, sum_type
from fatnn_kernels.vector import Vector, load, splat, store


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

    A threshold is the least result that reaches a level: the bounds of the codec of x.
    """

    x_term: ir.Value  #: i32*, [rows]
    y_term: ir.Value  #: i32*, [columns]
    thresholds: ir.Value  #: i32*, [levels − 1][stride], at the tile's first column
    stride: ir.Value  #: i64, columns of the whole layer
    out: ir.Value  #: u32*, the next layer's image
    targets: ir.Value  #: i64*, [rows], where in it the first word of each row's output pixel lies
    column: ir.Value  #: i64, the tile's first column, a multiple of the tile's columns

    def emit(self, builder: ir.IRBuilder, tile: Tile, sums: Sequence[ir.Value]) -> None:
        codec = tile.product.x.codec
        limits = [builder.gep(self.thresholds, [builder.mul(self.stride, constant(i))]) for i in range(codec.bounds)]

        def bound(level: int, vector: int) -> Vector:
            return load_sum(builder, tile, limits[level], vector)

        for row, terms in enumerate(row_terms(builder, tile, self.x_term, self.y_term)):
            target = builder.gep(self.out, [builder.load(builder.gep(self.targets, [constant(row)]))])
            results = list(finish_row(builder, tile, sums, row, terms))
            codec.quantise(builder, results, bound, target, self.column)


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
        acc = [Vector(builder, value) for value in sums[cell : cell + count]]
        yield tile.product.finish(acc, term)


def load_sum(builder: ir.IRBuilder, tile: Tile, pointer: ir.Value, vector: int) -> Vector:
    return Vector(builder, load(builder, builder.gep(pointer, [constant(vector * tile.lanes)]), sum_type(tile)))
