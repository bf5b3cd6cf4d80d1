"""What becomes of a tile's sums: results in memory, words of the next layer's image, or float32 activations.

A named tuple is what compiled functions are given; its ``at`` makes the store of one tile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from fatnn_kernels.memory import Here, Memory
from fatnn_kernels.sums import Sums
from fatnn_kernels.tile import Tile, constant, sum_type
from fatnn_kernels.vector import F32, Vector, load, splat, store


class Store(Protocol):
    """Does something with the sums of a tile."""

    def emit(self, builder: ir.IRBuilder, tile: Tile, sums: Sums) -> None:
        """Append the code."""


@dataclass(frozen=True)
class Terms:
    """n = x_term + y_term, of a tile's rows and columns."""

    x_term: ir.Value  #: dtype*, [rows]
    y_term: ir.Value  #: dtype*, [columns]

    @staticmethod
    def at(here: Here, x_term: Memory, y_term: Memory) -> "Terms":
        """Those of a tile, from those of a result."""
        return Terms(x_term.at(here.builder, here.row), y_term.at(here.builder, here.column))

    def rows(self, builder: ir.IRBuilder, tile: Tile) -> Iterator[list[Vector]]:
        """n of each row: a vector for every vector of columns."""
        y_terms = [load_sum(builder, tile, self.y_term, v) for v in range(tile.vectors)]
        for row in range(tile.rows):
            of_row = splat(builder, builder.load(builder.gep(self.x_term, [constant(row)])), tile.lanes)
            yield [Vector(builder, of_row) + of_columns for of_columns in y_terms]


class Results(NamedTuple):
    """C = finish(Σ step, n), of the product's type."""

    x_term: NDArray[np.int32 | np.float32]  #: [rows]
    y_term: NDArray[np.int32 | np.float32]  #: [columns]
    c: NDArray[np.int32 | np.float32]  #: [rows, columns]

    @staticmethod
    def at(here: Here, x_term: Memory, y_term: Memory, c: Memory) -> Store:
        """The store of a tile, which goes on from what C holds behind the first part of K."""
        first = here.builder.icmp_signed("==", here.step, constant(0))
        terms = Terms.at(here, x_term, y_term)
        return StoreResults(terms, first, c.at(here.builder, here.row, here.column), c.shape[1])


@dataclass(frozen=True)
class StoreResults:
    """C = finish(Σ step, n): n is the terms of row and column, or C itself where another part of K went before."""

    terms: Terms
    first: ir.Value  #: i1: whether the result starts at the terms, or goes on from what C holds
    c: ir.Value  #: dtype*, where the result goes
    c_stride: ir.Value  #: i64, items from a row of C to the next

    def emit(self, builder: ir.IRBuilder, tile: Tile, sums: Sums) -> None:
        """Two paths, as reading C costs as much as writing it."""
        with builder.if_else(self.first) as (then, otherwise):
            with then:
                for row, terms in enumerate(self.terms.rows(builder, tile)):
                    self._finish_row(builder, tile, sums, row, terms)
            with otherwise:
                for row in range(tile.rows):
                    so_far = [load_sum(builder, tile, self._row(builder, row), v) for v in range(tile.vectors)]
                    self._finish_row(builder, tile, sums, row, so_far)

    def _row(self, builder: ir.IRBuilder, row: int) -> ir.Value:
        return builder.gep(self.c, [builder.mul(self.c_stride, constant(row))])

    def _finish_row(self, builder: ir.IRBuilder, tile: Tile, sums: Sums, row: int, terms: Sequence[Vector]) -> None:
        out = self._row(builder, row)
        for v, result in enumerate(finish_row(builder, tile, sums, row, terms)):
            store(builder, result.value, builder.gep(out, [constant(v * tile.lanes)]))


class Planes(NamedTuple):
    """The next layer's packed image: no result in memory."""

    x_term: NDArray[np.int32]  #: [rows]
    y_term: NDArray[np.int32]  #: [columns]
    thresholds: NDArray[np.int32]  #: [levels − 1, columns], ascending: the least result that reaches each level
    out: NDArray[np.uint32]  #: the image
    targets: NDArray[np.int64]  #: [rows], where in it the first word of each row's output pixel lies

    @staticmethod
    def at(here: Here, x_term: Memory, y_term: Memory, thresholds: Memory, out: Memory, targets: Memory) -> Store:
        """The store of a tile, whose columns begin with a word or a byte of it."""
        levels = Table.at(here, thresholds)
        pixels = Pixels(out.pointer, targets.at(here.builder, here.row), here.column)
        return StorePlanes(Terms.at(here, x_term, y_term), levels, pixels)


@dataclass(frozen=True)
class Table:
    """Numbers of each column, [which][column]."""

    pointer: ir.Value  #: at the tile's first column
    stride: ir.Value  #: i64, columns of the whole layer

    @staticmethod
    def at(here: Here, numbers: Memory) -> "Table":
        """Those of a tile, from those of all columns."""
        return Table(numbers.at(here.builder, constant(0), here.column), numbers.shape[1])

    def row(self, builder: ir.IRBuilder, which: int) -> ir.Value:
        """The address of those of the tile's first column on."""
        return builder.gep(self.pointer, [builder.mul(self.stride, constant(which))])


@dataclass(frozen=True)
class Pixels:
    """Where an image has the channels of a tile."""

    out: ir.Value  #: the image
    targets: ir.Value  #: i64*, [rows], where in it each row's output pixel begins
    column: ir.Value  #: i64, the tile's first column

    def target(self, builder: ir.IRBuilder, row: int) -> ir.Value:
        """i64, where the output pixel of a row begins."""
        return builder.load(builder.gep(self.targets, [constant(row)]))


@dataclass(frozen=True)
class StorePlanes:
    """The results, quantised by thresholds of their column, as words of the next layer's image.

    A threshold is the least result that reaches a level: the bounds of the codec of x.
    """

    terms: Terms
    thresholds: Table  #: i32*, [levels − 1]
    pixels: Pixels  #: u32*

    def emit(self, builder: ir.IRBuilder, tile: Tile, sums: Sums) -> None:
        """The codec of x writes the bits of a row's columns."""
        codec = tile.product.x.codec
        limits = [self.thresholds.row(builder, level) for level in range(codec.bounds)]

        def bound(level: int, vector: int) -> Vector:
            return load_sum(builder, tile, limits[level], vector)

        for row, terms in enumerate(self.terms.rows(builder, tile)):
            target = builder.gep(self.pixels.out, [self.pixels.target(builder, row)])
            results = list(finish_row(builder, tile, sums, row, terms))
            codec.quantise(builder, results, bound, target, self.pixels.column)


class Activations(NamedTuple):
    """A float32 image, where branches of a network meet."""

    x_term: NDArray[np.int32]  #: [rows]
    y_term: NDArray[np.int32]  #: [columns]
    affine: NDArray[np.float32]  #: [3, columns]: scale, factor and offset
    floor: np.float32  #: 0 for a ReLU, −∞ for none
    skip: NDArray[np.float32]  #: laid out as ``out``, or of no items
    out: NDArray[np.float32]
    targets: NDArray[np.int64]  #: [rows], where in ``out`` each row's output pixel begins

    @staticmethod
    def at(
        here: Here,
        x_term: Memory,
        y_term: Memory,
        affine: Memory,
        floor: ir.Value,
        skip: Memory,
        out: Memory,
        targets: Memory,
    ) -> Store:
        """The store of a tile."""
        builder = here.builder
        pixels = Pixels(out.pointer, targets.at(builder, here.row), here.column)
        has_skip = builder.icmp_signed("!=", skip.shape[0], constant(0))
        return StoreActivations(
            Terms.at(here, x_term, y_term), Table.at(here, affine), floor, has_skip, skip.pointer, pixels
        )


@dataclass(frozen=True)
class StoreActivations:
    """The results as float32 activations, which stay float32 for the skip.

        out = max(float32(sum) · scale · factor + offset + skip, floor)

    Every operation is rounded once, in this order, so that any other program that does the same agrees to the bit.
    """

    terms: Terms
    affine: Table  #: float*, [3]: scale, factor and offset
    floor: ir.Value  #: float, 0 for a ReLU, −∞ for none
    has_skip: ir.Value  #: i1
    skip: ir.Value  #: float*, laid out as the image; read where ``has_skip``
    pixels: Pixels  #: float*

    def emit(self, builder: ir.IRBuilder, tile: Tile, sums: Sums) -> None:
        """Two paths, so that nothing is asked for each vector."""
        with builder.if_else(self.has_skip) as (then, otherwise):
            with then:
                self._rows(builder, tile, sums, adds=True)
            with otherwise:
                self._rows(builder, tile, sums, adds=False)

    def _rows(self, builder: ir.IRBuilder, tile: Tile, sums: Sums, adds: bool) -> None:
        scale, factor, offset = (
            [_floats(builder, tile, self.affine.row(builder, which), v) for v in range(tile.vectors)]
            for which in range(3)
        )
        floor = splat(builder, self.floor, tile.lanes)
        for row, terms in enumerate(self.terms.rows(builder, tile)):
            target = builder.add(self.pixels.target(builder, row), self.pixels.column)
            skip, out = (builder.gep(image, [target]) for image in (self.skip, self.pixels.out))
            for v, result in enumerate(finish_row(builder, tile, sums, row, terms)):
                value = result.value if tile.product.dtype == np.float32 else _as_float(builder, tile, result)
                value = builder.fmul(builder.fmul(value, scale[v]), factor[v])
                value = builder.fadd(value, offset[v])
                if adds:
                    value = builder.fadd(value, _floats(builder, tile, skip, v))
                above = builder.fcmp_ordered(">", value, floor)
                store(builder, builder.select(above, value, floor), builder.gep(out, [constant(v * tile.lanes)]))


def finish_row(builder: ir.IRBuilder, tile: Tile, sums: Sums, row: int, terms: Sequence[Vector]) -> Iterator[Vector]:
    """finish(acc, n) of one row: a vector for every vector of columns."""
    for acc, term in zip(sums.row(builder, row), terms, strict=True):
        yield tile.product.finish(acc, term)


def load_sum(builder: ir.IRBuilder, tile: Tile, pointer: ir.Value, vector: int) -> Vector:
    """The ``vector``-th vector of results from a pointer on."""
    return Vector(builder, load(builder, builder.gep(pointer, [constant(vector * tile.lanes)]), sum_type(tile)))


def _floats(builder: ir.IRBuilder, tile: Tile, pointer: ir.Value, vector: int) -> ir.Value:
    """The ``vector``-th vector of floats from a pointer on."""
    return load(builder, builder.gep(pointer, [constant(vector * tile.lanes)]), ir.VectorType(F32, tile.lanes))


def _as_float(builder: ir.IRBuilder, tile: Tile, sums: Vector) -> ir.Value:
    return builder.sitofp(sums.value, ir.VectorType(F32, tile.lanes))
