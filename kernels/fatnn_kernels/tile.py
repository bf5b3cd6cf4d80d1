"""The register tile: rows × columns of inner products whose accumulators never leave the registers.

Vectors run along the columns of the result (output channels), and the words of x are broadcast, so that no sum across
lanes is needed and a short K costs nothing. x is packed [tile][word][plane][row], y is packed
[tile][word][plane][column].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llvmlite import ir

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


@dataclass(frozen=True)
class TileArguments:
    """The values a tile works on, in the function being built."""

    x: ir.Value  #: u32*, packed words of this tile's rows
    y: ir.Value  #: u32*, packed words of this tile's columns
    words: ir.Value  #: i64, words to go through, at least one
    x_term: ir.Value  #: dtype*, [rows]
    y_term: ir.Value  #: dtype*, [columns]
    first: ir.Value  #: i1: whether the result starts at the terms, or goes on from what C holds
    c: ir.Value  #: dtype*, where the result goes
    c_stride: ir.Value  #: i64, items from a row of C to the next


def emit(builder: ir.IRBuilder, tile: Tile, args: TileArguments) -> None:
    """Append the tile to the function being built: C = finish(Σ step, terms or C)."""
    if tile.count_in_bytes and tile.product.accumulate == "popcounts":
        sums = _sum_in_bytes(builder, tile, args)
    else:
        sums = _sum(builder, tile, args, Vector, _zeros(tile, _sum_type(tile)), _constant(0), args.words)
    _store(builder, tile, args, sums)


def _sum_type(tile: Tile) -> ir.VectorType:
    return ir.VectorType(F32 if tile.product.accumulate == "float32" else I32, tile.lanes)


def _zeros(tile: Tile, lanes: ir.VectorType) -> list[ir.Value]:
    cells = tile.rows * tile.vectors * tile.product.accumulators
    return [ir.Constant(lanes, None)] * cells


def _sum(
    builder: ir.IRBuilder,
    tile: Tile,
    args: TileArguments,
    kind: type[Vector],
    start: Sequence[ir.Value],
    begin: ir.Value,
    end: ir.Value,
) -> list[ir.Value]:
    """Fold the words [begin, end) into the accumulators, which lie flat as [row][vector][accumulator]."""
    product, count = tile.product, tile.product.accumulators

    def body(word: ir.Value, acc: Sequence[ir.Value]) -> list[ir.Value]:
        y = _load_columns(builder, tile, args.y, word, kind)
        new: list[ir.Value] = []
        for row in range(tile.rows):
            x = _broadcast_row(builder, tile, args.x, word, row, kind)
            for vector in range(tile.vectors):
                mine = [Vector(builder, value) for value in acc[len(new) : len(new) + count]]
                new += [a.value for a in product.step(mine, x, y[vector])]
        return new

    return _loop(builder, begin, end, 1, start, body)


def _sum_in_bytes(builder: ir.IRBuilder, tile: Tile, args: TileArguments) -> list[ir.Value]:
    """As :func:`_sum`, with counts kept in bytes for as many words as cannot overflow 255."""
    words = [MostCounted()] * 2
    most = max(tile.product.step((0,) * tile.product.accumulators, words, words))
    byte_zeros = _zeros(tile, ir.VectorType(I8, 4 * tile.lanes))

    def block(begin: ir.Value, totals: Sequence[ir.Value]) -> list[ir.Value]:
        end = builder.add(begin, _constant(255 // most))
        end = builder.select(builder.icmp_signed("<", end, args.words), end, args.words)
        counts = _sum(builder, tile, args, ByteCounted, byte_zeros, begin, end)
        return [
            builder.add(total, widen_bytes(Vector(builder, count)).value)
            for total, count in zip(totals, counts, strict=True)
        ]

    return _loop(builder, _constant(0), args.words, 255 // most, _zeros(tile, _sum_type(tile)), block)


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


def _broadcast_row(
    builder: ir.IRBuilder, tile: Tile, x: ir.Value, word: ir.Value, row: int, kind: type[Vector]
) -> list[Vector]:
    """The planes of one row at this word, in every lane."""
    planes = tile.product.x_planes
    at = builder.gep(x, [builder.mul(word, _constant(planes * tile.rows))])
    return [
        kind(builder, splat(builder, builder.load(builder.gep(at, [_constant(plane * tile.rows + row)])), tile.lanes))
        for plane in range(planes)
    ]


def _store(builder: ir.IRBuilder, tile: Tile, args: TileArguments, sums: Sequence[ir.Value]) -> None:
    """C = finish(acc, n), where n is the terms of row and column, or C itself when another part of K went before."""
    with builder.if_else(args.first) as (then, otherwise):
        with then:
            y_terms = [_load_sum(builder, tile, args.y_term, v) for v in range(tile.vectors)]
            for row in range(tile.rows):
                x_term = splat(builder, builder.load(builder.gep(args.x_term, [_constant(row)])), tile.lanes)
                starts = [Vector(builder, x_term) + y_term for y_term in y_terms]
                _finish_row(builder, tile, args, sums, row, starts)
        with otherwise:
            for row in range(tile.rows):
                starts = [_load_sum(builder, tile, _row_of_c(builder, args, row), v) for v in range(tile.vectors)]
                _finish_row(builder, tile, args, sums, row, starts)


def _finish_row(
    builder: ir.IRBuilder, tile: Tile, args: TileArguments, sums: Sequence[ir.Value], row: int, starts: list[Vector]
) -> None:
    count = tile.product.accumulators
    out = _row_of_c(builder, args, row)
    for v, start in enumerate(starts):
        cell = (row * tile.vectors + v) * count
        acc = [Vector(builder, value) for value in sums[cell : cell + count]]
        result = tile.product.finish(acc, start)
        store(builder, result.value, builder.gep(out, [_constant(v * tile.lanes)]))


def _row_of_c(builder: ir.IRBuilder, args: TileArguments, row: int) -> ir.Value:
    return builder.gep(args.c, [builder.mul(args.c_stride, _constant(row))])


def _load_sum(builder: ir.IRBuilder, tile: Tile, pointer: ir.Value, vector: int) -> Vector:
    return Vector(builder, load(builder, builder.gep(pointer, [_constant(vector * tile.lanes)]), _sum_type(tile)))


def _constant(value: int) -> ir.Constant:
    return ir.Constant(I64, value)


def _loop(
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
