"""The register tile: rows × columns of inner products whose accumulators never leave the registers.

Vectors run along the columns of the result (output channels), and the words of x are broadcast, so that no sum across
lanes is needed and a short K costs nothing. x is packed [tile][word][plane][row], y is packed
[tile][word][plane][column].
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from llvmlite import ir

from fatnn_kernels.codec import BitCode
from fatnn_kernels.product import Product
from fatnn_kernels.vector import F32, I8, I32, I64, ByteCounted, MostCounted, Vector, load, splat, store, widen_bytes


@dataclass(frozen=True)
class Tile:
    """A product on one shape of registers."""

    product: Product
    rows: int  #: rows of the result, x vectors
    vectors: int  #: SIMD vectors side by side along the columns
    lanes: int  #: 32-bit lanes of a SIMD vector
    count_in_bytes: bool  #: popcounts are summed in bytes and widened before they overflow

    @property
    def columns(self) -> int:
        """Columns of the result."""
        return self.vectors * self.lanes


class Rows(Protocol):
    """Where a tile finds the words of its rows."""

    def word(self, builder: ir.IRBuilder, tile: Tile, word: ir.Value, row: int, plane: int) -> ir.Value:
        """u32*, the address of a plane's word of one row."""


class Store(Protocol):
    """Where the sums of a tile go."""

    def emit(self, builder: ir.IRBuilder, tile: Tile, sums: Sequence[ir.Value]) -> None:
        """Append what is done with the accumulators, which lie flat as [row][vector][accumulator]."""


def emit(builder: ir.IRBuilder, tile: Tile, x: Rows, y: ir.Value, words: ir.Value, store: Store) -> None:
    """Append a tile to the function being built.

    Parameters
    ----------
    x
        Where the words of the rows lie.
    y
        u32*, the packed words of the columns.
    words
        i64, how many words to go through, at least one.
    store
        What becomes of the sums.
    """
    if tile.count_in_bytes and tile.product.accumulate == "popcounts":
        sums = _sum_in_bytes(builder, tile, x, y, words)
    else:
        sums = _sum(builder, tile, x, y, Vector, _zeros(tile, sum_type(tile)), _constant(0), words)
    store.emit(builder, tile, sums)


def sum_type(tile: Tile) -> ir.VectorType:
    """The type of a SIMD vector of results."""
    return ir.VectorType(F32 if tile.product.accumulate == "float32" else I32, tile.lanes)


@dataclass(frozen=True)
class PackedRows:
    """Rows that were packed for the tile, [word][plane][row]."""

    pointer: ir.Value  #: u32*

    def word(self, builder: ir.IRBuilder, tile: Tile, word: ir.Value, row: int, plane: int) -> ir.Value:
        planes = tile.product.x_planes
        at = builder.gep(self.pointer, [builder.mul(word, _constant(planes * tile.rows))])
        return builder.gep(at, [_constant(plane * tile.rows + row)])


@dataclass(frozen=True)
class TappedRows:
    """Rows that lie in an image: word k of a row is at its own base plus the offset of tap k, the same for all rows."""

    bases: Sequence[ir.Value]  #: u32*, a row each
    taps: ir.Value  #: i64*, offsets in words

    def word(self, builder: ir.IRBuilder, tile: Tile, word: ir.Value, row: int, plane: int) -> ir.Value:
        tap = builder.load(builder.gep(self.taps, [word]))
        return builder.gep(builder.gep(self.bases[row], [tap]), [_constant(plane)])


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
                    so_far = [_load_sum(builder, tile, self._row(builder, row), v) for v in range(tile.vectors)]
                    self._finish_row(builder, tile, sums, row, so_far)

    def _row(self, builder: ir.IRBuilder, row: int) -> ir.Value:
        return builder.gep(self.c, [builder.mul(self.c_stride, _constant(row))])

    def _finish_row(
        self, builder: ir.IRBuilder, tile: Tile, sums: Sequence[ir.Value], row: int, terms: Sequence[Vector]
    ) -> None:
        out = self._row(builder, row)
        for v, result in enumerate(finish_row(builder, tile, sums, row, terms)):
            store(builder, result.value, builder.gep(out, [_constant(v * tile.lanes)]))


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
            builder.gep(self.thresholds, [builder.mul(self.stride, _constant(i))])
            for i in range(len(self.code.levels) - 1)
        ]
        for row, terms in enumerate(row_terms(builder, tile, self.x_term, self.y_term)):
            target = builder.gep(self.out, [builder.load(builder.gep(self.targets, [_constant(row)]))])
            planes: list[list[ir.Value]] = []
            for v, result in enumerate(finish_row(builder, tile, sums, row, terms)):
                ge = [
                    Vector(builder, builder.icmp_signed(">=", result.value, _load_sum(builder, tile, bound, v).value))
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
            column = builder.add(self.column, _constant(first))
            word = builder.add(builder.mul(builder.lshr(column, _constant(5)), _constant(planes)), _constant(plane))
            byte = builder.lshr(builder.and_(column, _constant(31)), _constant(3))
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
    y_terms = [_load_sum(builder, tile, y_term, v) for v in range(tile.vectors)]
    for row in range(tile.rows):
        of_row = splat(builder, builder.load(builder.gep(x_term, [_constant(row)])), tile.lanes)
        yield [Vector(builder, of_row) + of_columns for of_columns in y_terms]


def finish_row(
    builder: ir.IRBuilder, tile: Tile, sums: Sequence[ir.Value], row: int, terms: Sequence[Vector]
) -> Iterator[Vector]:
    """finish(acc, n) of one row: a vector for every vector of columns."""
    count = tile.product.accumulators
    for v, term in enumerate(terms):
        cell = (row * tile.vectors + v) * count
        yield tile.product.finish([Vector(builder, value) for value in sums[cell : cell + count]], term)


def _zeros(tile: Tile, lanes: ir.VectorType) -> list[ir.Value]:
    cells = tile.rows * tile.vectors * tile.product.accumulators
    return [ir.Constant(lanes, None)] * cells


def _sum(
    builder: ir.IRBuilder,
    tile: Tile,
    rows: Rows,
    columns: ir.Value,
    kind: type[Vector],
    start: Sequence[ir.Value],
    begin: ir.Value,
    end: ir.Value,
) -> list[ir.Value]:
    """Fold the words [begin, end) into the accumulators, which lie flat as [row][vector][accumulator]."""
    product, count = tile.product, tile.product.accumulators

    def body(word: ir.Value, acc: Sequence[ir.Value]) -> list[ir.Value]:
        y = _load_columns(builder, tile, columns, word, kind)
        new: list[ir.Value] = []
        for row in range(tile.rows):
            words = [rows.word(builder, tile, word, row, plane) for plane in range(product.x_planes)]
            x = [kind(builder, splat(builder, builder.load(pointer), tile.lanes)) for pointer in words]
            for vector in range(tile.vectors):
                mine = [Vector(builder, value) for value in acc[len(new) : len(new) + count]]
                new += [a.value for a in product.step(mine, x, y[vector])]
        return new

    return loop(builder, begin, end, 1, start, body)


def _sum_in_bytes(builder: ir.IRBuilder, tile: Tile, rows: Rows, columns: ir.Value, words: ir.Value) -> list[ir.Value]:
    """As :func:`_sum`, with counts kept in bytes for as many words as cannot overflow 255."""
    any_words = [MostCounted()] * 2
    most = max(tile.product.step((0,) * tile.product.accumulators, any_words, any_words))
    byte_zeros = _zeros(tile, ir.VectorType(I8, 4 * tile.lanes))

    def block(begin: ir.Value, totals: Sequence[ir.Value]) -> list[ir.Value]:
        end = builder.add(begin, _constant(255 // most))
        end = builder.select(builder.icmp_signed("<", end, words), end, words)
        counts = _sum(builder, tile, rows, columns, ByteCounted, byte_zeros, begin, end)
        return [
            builder.add(total, widen_bytes(Vector(builder, count)).value)
            for total, count in zip(totals, counts, strict=True)
        ]

    return loop(builder, _constant(0), words, 255 // most, _zeros(tile, sum_type(tile)), block)


def _load_columns(
    builder: ir.IRBuilder, tile: Tile, y: ir.Value, word: ir.Value, kind: type[Vector]
) -> list[list[Vector]]:
    """The planes of each vector of columns at this word."""
    planes = tile.product.y_planes
    at = builder.gep(y, [builder.mul(word, _constant(planes * tile.columns))])
    lanes = ir.VectorType(I32, tile.lanes)
    return [
        [
            kind(builder, load(builder, builder.gep(at, [_constant(plane * tile.columns + v * tile.lanes)]), lanes))
            for plane in range(planes)
        ]
        for v in range(tile.vectors)
    ]


def _load_sum(builder: ir.IRBuilder, tile: Tile, pointer: ir.Value, vector: int) -> Vector:
    return Vector(builder, load(builder, builder.gep(pointer, [_constant(vector * tile.lanes)]), sum_type(tile)))


def _constant(value: int) -> ir.Constant:
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
    following = builder.add(index, _constant(step))
    index.add_incoming(following, builder.block)
    for phi, value in zip(carried, new, strict=True):
        phi.add_incoming(value, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, end), loop, done)
    builder.position_at_end(done)
    return new
