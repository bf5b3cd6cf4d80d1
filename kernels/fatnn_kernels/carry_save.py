"""Popcounts without an instruction for them: one-bits are added in full adders, and one word in four is counted.

Words of equal weight are added bit by bit, three words to a sum and a carry (Harley and Seal; Muła, Kurz, Lemire,
"Faster population counts using AVX2 instructions", The Computer Journal 2018).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeAlias

from llvmlite import ir

from fatnn_kernels.product import Product
from fatnn_kernels.sums import MOST_COUNTS, Words, smaller, sum_in_bytes, zeros
from fatnn_kernels.tile import constant, loop, sum_type
from fatnn_kernels.vector import I8, I32, ByteCounted, Vector, widen_bytes

#: Words that the full adders take in together. Four were faster than eight, which need more registers than there are.
_GATHERED = 4

_Values: TypeAlias = list[ir.Value]
#: (begin, end, start) -> the values that folding these steps into ``start`` gives.
_Act: TypeAlias = Callable[[ir.Value, ir.Value, _Values], _Values]


@dataclass(frozen=True)
class Grouping:
    """How a product's words go through the full adders."""

    steps: int  #: that are gathered before the adders take them in
    depths: tuple[int, ...]  #: the carries of each accumulator, of the weights 1, 2, 4 …
    block: int  #: steps whose counts fit a byte


@cache
def grouping(product: Product) -> Grouping:
    """A carry for each doubling of the words that a group adds to an accumulator."""
    steps = max(1, _GATHERED // max(1, *product.popcounts))
    words = [steps * count for count in product.popcounts]
    depths = tuple(max(1, count.bit_length() - 1) for count in words)
    # words of weight 1 leave as words of weight 2ᵈ, but for 2ᵈ − 1 that the carries keep
    groups = min(MOST_COUNTS * 2**depth // max(1, count) for count, depth in zip(words, depths, strict=True))
    return Grouping(steps, depths, groups * steps)


@dataclass(frozen=True)
class _Ones:
    """An accumulator that gathers the words whose one-bits it should count."""

    words: tuple[ir.Value, ...] = ()

    def __add__(self, other: "_Ones") -> "_Ones":
        return replace(self, words=self.words + other.words)


class _Gathered(Vector):
    """Words whose popcount is left for later."""

    def popcount(self) -> "_Ones":  # type: ignore[override]
        """Nothing is counted yet."""
        return _Ones((self.value,))


class CarrySave:
    """Sums kept as Σ 2ⁱ·pc(carry[i]) + 2ᵈ·count: d words of carries and a count in bytes for each accumulator."""

    def __init__(self, builder: ir.IRBuilder, words: Words) -> None:
        self._builder, self._words, self._tile = builder, words, words.tile
        self._gathered = replace(words, kind=_Gathered)
        self._grouping = grouping(words.tile.product)

    def sum(self, steps: ir.Value) -> _Values:
        """Whole groups of steps with carries, then what is left without."""
        builder, nothing = self._builder, zeros(self._tile, sum_type(self._tile))
        grouped = builder.and_(steps, constant(-self._grouping.steps))  # a power of two
        totals = self._unless_empty(constant(0), grouped, nothing, self._sum_groups)
        return self._unless_empty(grouped, steps, totals, self._sum_rest)

    def _unless_empty(self, begin: ir.Value, end: ir.Value, start: _Values, act: _Act) -> _Values:
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

    def _sum_rest(self, begin: ir.Value, end: ir.Value, start: _Values) -> _Values:
        return sum_in_bytes(self._builder, self._words, start, begin, end)

    def _sum_groups(self, begin: ir.Value, end: ir.Value, start: _Values) -> _Values:
        """Blocks of as many groups as cannot overflow the counts; the carries live on from block to block."""
        block = self._grouping.block

        def body(first: ir.Value, state: Sequence[ir.Value]) -> _Values:
            totals, carries = state[: len(start)], state[len(start) :]
            last = smaller(self._builder, self._builder.add(first, constant(block)), end)
            entering = self._with_counts(carries)
            leaving = loop(self._builder, first, last, self._grouping.steps, entering, self._step)
            counts, carries = self._apart(leaving)
            return [*self._added(totals, counts), *carries]

        state = loop(self._builder, begin, end, block, [*start, *self._no_carries()], body)
        return self._settled(state[: len(start)], state[len(start) :])

    def _cell_depths(self) -> list[int]:
        return list(self._grouping.depths) * (self._tile.rows * self._tile.vectors)

    def _no_carries(self) -> _Values:
        return [ir.Constant(ir.VectorType(I32, self._tile.lanes), None)] * sum(self._cell_depths())

    def _with_counts(self, carries: Sequence[ir.Value]) -> _Values:
        """Carries of each accumulator with a count of zero behind them."""
        zero = ir.Constant(ir.VectorType(I8, 4 * self._tile.lanes), None)
        state, at = [], 0
        for depth in self._cell_depths():
            state += [*carries[at : at + depth], zero]
            at += depth
        return state

    def _apart(self, state: Sequence[ir.Value]) -> tuple[_Values, _Values]:
        """The counts and the carries of a state."""
        counts: _Values = []
        carries: _Values = []
        at = 0
        for depth in self._cell_depths():
            carries += state[at : at + depth]
            counts.append(state[at + depth])
            at += depth + 1
        return counts, carries

    def _added(self, totals: Sequence[ir.Value], counts: Sequence[ir.Value]) -> _Values:
        """totals + 2ᵈ·counts"""
        builder, added = self._builder, []
        for total, count, depth in zip(totals, counts, self._cell_depths(), strict=True):
            wide = widen_bytes(Vector(builder, count)).value
            added.append(builder.add(total, builder.shl(wide, ir.Constant(wide.type, [depth] * self._tile.lanes))))
        return added

    def _settled(self, totals: Sequence[ir.Value], carries: Sequence[ir.Value]) -> _Values:
        """totals + Σ 2ⁱ·pc(carry[i]), which fits a byte."""
        builder, settled, at = self._builder, [], 0
        for total, depth in zip(totals, self._cell_depths(), strict=True):
            count = ByteCounted(builder, carries[at + depth - 1]).popcount()
            for carry in reversed(carries[at : at + depth - 1]):
                count = count + count + ByteCounted(builder, carry).popcount()
            settled.append(builder.add(total, widen_bytes(Vector(builder, count.value)).value))
            at += depth
        return settled

    def _step(self, first: ir.Value, state: Sequence[ir.Value]) -> _Values:
        """Fold a group of words into every cell of the tile."""
        new: _Values = []
        for row in range(self._tile.rows):
            for vector in range(self._tile.vectors):
                for ones, depth in zip(self._gather(first, row, vector), self._grouping.depths, strict=True):
                    at = len(new)
                    new += self._fold(state[at : at + depth + 1], ones.words)
        return new

    def _gather(self, first: ir.Value, row: int, vector: int) -> Sequence[_Ones]:
        """The words that a group adds to each accumulator of one cell."""
        builder, product = self._builder, self._tile.product
        acc: Sequence[_Ones] = [_Ones()] * product.accumulators
        for i in range(self._grouping.steps):
            step = builder.add(first, constant(i))
            y = self._gathered.y(builder, step, vector)
            x = self._gathered.x(builder, step, row)
            acc = product.step(acc, x, y)
        return acc

    def _fold(self, state: Sequence[ir.Value], words: Sequence[ir.Value]) -> _Values:
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
