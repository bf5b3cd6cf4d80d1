"""Folding words into accumulators, and three ways to count one-bits while doing so.

- ``words``: the machine counts the bits of 32-bit lanes; counts are added as they come (``vpopcntd``).
- ``bytes``: it counts the bits of bytes; counts are kept in bytes and widened before they can overflow (Arm's ``cnt``).
- ``carry-save``: it counts nothing, and a popcount is a handful of shuffles or shifts. Words of equal weight are
first added
  bit by bit in full adders, three words to a sum and a carry, so that only one word in four is counted (Harley and
  Seal; Muła, Kurz, Lemire, "Faster population counts using AVX2 instructions", The Computer Journal 2018).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from llvmlite import ir

from fatnn_kernels.operands import Operand
from fatnn_kernels.tile import Tile, constant, loop, sum_type
from fatnn_kernels.vector import I8, I32, ByteCounted, MostCounted, Vector, widen_bytes

#: Words that the full adders take in together. Four were faster than eight, which need more registers than there are.
_GATHERED = 4
#: Counts of 0 to 8 that a byte can take.
_MOST_COUNTS = 255 // 8


def accumulate(builder: ir.IRBuilder, tile: Tile, x: Operand, y: Operand, words: ir.Value) -> list[ir.Value]:
    """Append the fold of all words to the function being built.

    Parameters
    ----------
    x, y
        Where the words of rows and columns are found.
    words
        i64, how many words to go through, at least one.

    Returns
    -------
    The accumulators as vectors of 32-bit lanes, flat as [row][vector][accumulator].
    """
    if tile.product.accumulate == "popcounts" and tile.counting == "bytes":
        return _sum_in_bytes(builder, tile, x, y, constant(0), words, _zeros(tile, sum_type(tile)))
    if tile.product.accumulate == "popcounts" and tile.counting == "carry-save":
        return _CarrySave(builder, tile, x, y).sum(words)
    return _sum(builder, tile, x, y, Vector, _zeros(tile, sum_type(tile)), constant(0), words)


def _planes(
    operand: Operand, builder: ir.IRBuilder, tile: Tile, word: ir.Value, index: int, kind: type[Vector]
) -> list[Vector]:
    return [kind(builder, value) for value in operand.planes(builder, tile, word, index)]


def _zeros(tile: Tile, lanes: ir.VectorType) -> list[ir.Value]:
    cells = tile.rows * tile.vectors * tile.product.accumulators
    return [ir.Constant(lanes, None)] * cells


def _sum(
    builder: ir.IRBuilder,
    tile: Tile,
    rows: Operand,
    columns: Operand,
    kind: type[Vector],
    start: Sequence[ir.Value],
    begin: ir.Value,
    end: ir.Value,
) -> list[ir.Value]:
    """Fold the words [begin, end) into the accumulators, which lie flat as [row][vector][accumulator]."""
    product, count = tile.product, tile.product.accumulators

    def body(word: ir.Value, acc: Sequence[ir.Value]) -> list[ir.Value]:
        y = [_planes(columns, builder, tile, word, v, kind) for v in range(tile.vectors)]
        new: list[ir.Value] = []
        for row in range(tile.rows):
            x = _planes(rows, builder, tile, word, row, kind)
            for vector in range(tile.vectors):
                mine = [Vector(builder, value) for value in acc[len(new) : len(new) + count]]
                new += [a.value for a in product.step(mine, x, y[vector])]
        return new

    return loop(builder, begin, end, 1, start, body)


def _sum_in_bytes(
    builder: ir.IRBuilder,
    tile: Tile,
    rows: Operand,
    columns: Operand,
    begin: ir.Value,
    end: ir.Value,
    start: Sequence[ir.Value],
) -> list[ir.Value]:
    """As :func:`_sum`, with counts kept in bytes for as many words as cannot overflow 255, then added to ``start``."""
    block = _MOST_COUNTS // max(1, *_popcounts(tile))
    byte_zeros = _zeros(tile, ir.VectorType(I8, 4 * tile.lanes))

    def body(first: ir.Value, totals: Sequence[ir.Value]) -> list[ir.Value]:
        last = _smaller(builder, builder.add(first, constant(block)), end)
        counts = _sum(builder, tile, rows, columns, ByteCounted, byte_zeros, first, last)
        return [
            builder.add(total, widen_bytes(Vector(builder, count)).value)
            for total, count in zip(totals, counts, strict=True)
        ]

    return loop(builder, begin, end, block, start, body)


def _popcounts(tile: Tile) -> list[int]:
    """How many popcounts a word adds to each accumulator."""
    product, word = tile.product, MostCounted()
    most = product.step((0,) * product.accumulators, [word] * product.x_planes, [word] * product.y_planes)
    return [count // 8 for count in most]


def _smaller(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    return builder.select(builder.icmp_signed("<", a, b), a, b)


@dataclass(frozen=True)
class _Ones:
    """An accumulator that gathers the words whose one-bits it should count."""

    words: tuple[ir.Value, ...] = ()

    def __add__(self, other: "_Ones") -> "_Ones":
        return replace(self, words=self.words + other.words)


class _Gathered(Vector):
    """Words whose popcount is left for later."""

    def popcount(self) -> Any:
        return _Ones((self.value,))


class _CarrySave:
    """Sums kept as Σ 2ⁱ·pc(carry[i]) + 2ᵈ·count: d words of carries and a count in bytes for each accumulator."""

    def __init__(self, builder: ir.IRBuilder, tile: Tile, rows: Operand, columns: Operand) -> None:
        self._builder, self._tile, self._rows, self._columns = builder, tile, rows, columns
        popcounts = _popcounts(tile)
        self._group = max(1, _GATHERED // max(1, *popcounts))  #: words of a step
        added = [self._group * count for count in popcounts]  # to each accumulator
        self._depths = [max(1, int(math.log2(max(1, count)))) for count in added]
        # a step's words of weight 1 leave as words of weight 2ᵈ, but for 2ᵈ − 1 that the carries keep
        self._steps = min(
            _MOST_COUNTS * 2**depth // max(1, count) for depth, count in zip(self._depths, added, strict=True)
        )

    def sum(self, words: ir.Value) -> list[ir.Value]:
        """Whole groups of words with carries, then what is left without."""
        builder, zeros = self._builder, _zeros(self._tile, sum_type(self._tile))
        grouped = builder.and_(words, constant(-self._group))
        totals = self._unless_empty(constant(0), grouped, zeros, self._sum_groups)
        return self._unless_empty(grouped, words, totals, self._sum_rest)

    def _unless_empty(self, begin: ir.Value, end: ir.Value, start: list[ir.Value], act: Any) -> list[ir.Value]:
        """``act(begin, end, start)`` where there are words between begin and end, else ``start``."""
        builder = self._builder
        before = builder.block
        some, after = builder.append_basic_block("some"), builder.append_basic_block("after")
        builder.cbranch(builder.icmp_signed("<", begin, end), some, after)
        builder.position_at_end(some)
        new = act(begin, end, start)
        builder.branch(after)
        last = builder.block
        builder.position_at_end(after)
        merged = [builder.phi(value.type) for value in start]
        for phi, old, value in zip(merged, start, new, strict=True):
            phi.add_incoming(old, before)
            phi.add_incoming(value, last)
        return merged

    def _sum_rest(self, begin: ir.Value, end: ir.Value, start: list[ir.Value]) -> list[ir.Value]:
        return _sum_in_bytes(self._builder, self._tile, self._rows, self._columns, begin, end, start)

    def _sum_groups(self, begin: ir.Value, end: ir.Value, start: list[ir.Value]) -> list[ir.Value]:
        """Blocks of as many groups as cannot overflow the counts; the carries live on from block to block."""
        block = self._steps * self._group

        def body(first: ir.Value, state: Sequence[ir.Value]) -> list[ir.Value]:
            totals, carries = state[: len(start)], state[len(start) :]
            last = _smaller(self._builder, self._builder.add(first, constant(block)), end)
            entering = self._with_counts(carries)
            leaving = loop(self._builder, first, last, self._group, entering, self._step)
            counts, carries = self._apart(leaving)
            return [*self._added(totals, counts), *carries]

        state = loop(self._builder, begin, end, block, [*start, *self._no_carries()], body)
        return self._settled(state[: len(start)], state[len(start) :])

    def _cell_depths(self) -> list[int]:
        return self._depths * (self._tile.rows * self._tile.vectors)

    def _no_carries(self) -> list[ir.Value]:
        return [ir.Constant(ir.VectorType(I32, self._tile.lanes), None)] * sum(self._cell_depths())

    def _with_counts(self, carries: Sequence[ir.Value]) -> list[ir.Value]:
        """Carries of each accumulator with a count of zero behind them."""
        zero = ir.Constant(ir.VectorType(I8, 4 * self._tile.lanes), None)
        state, at = [], 0
        for depth in self._cell_depths():
            state += [*carries[at : at + depth], zero]
            at += depth
        return state

    def _apart(self, state: Sequence[ir.Value]) -> tuple[list[ir.Value], list[ir.Value]]:
        """The counts and the carries of a state."""
        counts: list[ir.Value] = []
        carries: list[ir.Value] = []
        at = 0
        for depth in self._cell_depths():
            carries += state[at : at + depth]
            counts.append(state[at + depth])
            at += depth + 1
        return counts, carries

    def _added(self, totals: Sequence[ir.Value], counts: Sequence[ir.Value]) -> list[ir.Value]:
        """totals + 2ᵈ·counts"""
        builder, added = self._builder, []
        for total, count, depth in zip(totals, counts, self._cell_depths(), strict=True):
            wide = widen_bytes(Vector(builder, count)).value
            added.append(builder.add(total, builder.shl(wide, ir.Constant(wide.type, [depth] * self._tile.lanes))))
        return added

    def _settled(self, totals: Sequence[ir.Value], carries: Sequence[ir.Value]) -> list[ir.Value]:
        """totals + Σ 2ⁱ·pc(carry[i]), which fits a byte."""
        builder, settled, at = self._builder, [], 0
        for total, depth in zip(totals, self._cell_depths(), strict=True):
            count = ByteCounted(builder, carries[at + depth - 1]).popcount()
            for carry in reversed(carries[at : at + depth - 1]):
                count = count + count + ByteCounted(builder, carry).popcount()
            settled.append(builder.add(total, widen_bytes(Vector(builder, count.value)).value))
            at += depth
        return settled

    def _step(self, first: ir.Value, state: Sequence[ir.Value]) -> list[ir.Value]:
        """Fold a group of words into every cell of the tile."""
        new: list[ir.Value] = []
        for row in range(self._tile.rows):
            for vector in range(self._tile.vectors):
                for ones, depth in zip(self._gather(first, row, vector), self._depths, strict=True):
                    at = len(new)
                    new += self._fold(state[at : at + depth + 1], ones.words)
        return new

    def _gather(self, first: ir.Value, row: int, vector: int) -> Sequence[_Ones]:
        """The words that a group adds to each accumulator of one cell."""
        builder, tile = self._builder, self._tile
        acc: Sequence[_Ones] = [_Ones()] * tile.product.accumulators
        for i in range(self._group):
            word = builder.add(first, constant(i))
            y = _planes(self._columns, builder, tile, word, vector, _Gathered)
            x = _planes(self._rows, builder, tile, word, row, _Gathered)
            acc = tile.product.step(acc, x, y)
        return acc

    def _fold(self, state: Sequence[ir.Value], words: Sequence[ir.Value]) -> list[ir.Value]:
        """Add words of weight 1 to the carries of an accumulator, and what comes out on top to its count."""
        builder = self._builder
        *carries, count = state
        for level, carry in enumerate(carries):
            pending, words = [carry, *words], []
            while len(pending) > 1:
                a, b, *pending = pending
                half = builder.xor(a, b)
                carried = builder.and_(a, b)
                if pending:
                    c = pending.pop(0)
                    carried = builder.or_(carried, builder.and_(half, c))
                    half = builder.xor(half, c)
                pending.append(half)
                words.append(carried)
            carries[level] = pending[0]
        for word in words:
            count = builder.add(count, ByteCounted(builder, word).popcount().value)
        return [*carries, count]
