"""Sums by look-up: a shuffle of bytes looks an entry up for as many columns as a vector has bytes.

The code of x at a step chooses a row of the table, the codes of y in a vector are indices into it. Entries are added
in bytes for as many steps as cannot overflow, then in 16 bits, and become results of 32 bits where they are stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llvmlite import ir

from fatnn_kernels.look_up import LookUp, Table
from fatnn_kernels.sums import Sums, Words, smaller
from fatnn_kernels.tile import Tile, constant, loop
from fatnn_kernels.vector import I8, I16, I32, I64, Vector, constants, look_up_bytes

_Values = list[ir.Value]
_MOST_IN_BYTES, _MOST_IN_HALVES = (1 << 8) - 1, (1 << 16) - 1


def sum_looked_up(builder: ir.IRBuilder, words: Words, steps: ir.Value) -> Sums:
    """Fold so many steps, i64, at least one."""
    return _Shuffled(builder, words, steps).sum()


def _widened(builder: ir.IRBuilder, even: ir.Value, odd: ir.Value) -> _Values:
    """Sums of 16 bits, of even bytes and odd ones -> those of byte 0, 1, 2 and 3 of each lane, of 32 bits."""
    lanes = ir.VectorType(I32, even.type.count // 2)
    pairs = [builder.bitcast(half, lanes) for half in (even, odd)]
    low = [builder.and_(pair, constants(lanes, 0xFFFF)) for pair in pairs]
    high = [builder.lshr(pair, constants(lanes, 16)) for pair in pairs]
    return [*low, *high]


class _Before:
    """In memory, the sums of what went before the last part of an inner product: of nearly all, nothing did."""

    def __init__(self, builder: ir.IRBuilder, tile: Tile, anything: ir.Value) -> None:
        self._tile, self._cells = tile, tile.rows * tile.vectors // 4
        self._halves, self._lanes = ir.VectorType(I16, 2 * tile.lanes), ir.VectorType(I32, tile.lanes)
        self._anything = anything  #: i1
        with builder.goto_entry_block():
            self._room = builder.alloca(self._halves, constant(2 * self._cells))
            self._totals = builder.alloca(self._lanes, constant(4 * self._cells))
        with builder.if_then(anything, likely=False):
            loop(builder, constant(0), constant(4 * self._cells), 1, [], lambda i, _: self._clear(builder, i))

    def _clear(self, builder: ir.IRBuilder, i: ir.Value) -> _Values:
        builder.store(ir.Constant(self._lanes, None), builder.gep(self._totals, [i]))
        return []

    def keep(self, builder: ir.IRBuilder, halves: Sequence[ir.Value]) -> None:
        """Add the sums of a part."""
        for i, half in enumerate(halves):
            builder.store(half, builder.gep(self._room, [constant(i)]))
        loop(builder, constant(0), constant(self._cells), 1, [], lambda cell, _: self._add(builder, cell))

    def _add(self, builder: ir.IRBuilder, cell: ir.Value) -> _Values:
        pair = [builder.gep(self._room, [builder.add(builder.mul(cell, constant(2)), constant(i))]) for i in range(2)]
        for v, value in enumerate(_widened(builder, *map(builder.load, pair))):
            total = builder.gep(self._totals, [builder.add(builder.mul(cell, constant(4)), constant(v))])
            builder.store(builder.add(builder.load(total), value), total)
        return []

    def added(self, builder: ir.IRBuilder, row: int, sums: _Values) -> _Values:
        """A row's sums and those from before."""
        without = builder.block
        with builder.if_then(self._anything, likely=False):
            first = row * self._tile.vectors
            totals = [builder.gep(self._totals, [constant(first + v)]) for v in range(len(sums))]
            added = [builder.add(value, builder.load(total)) for value, total in zip(sums, totals, strict=True)]
            within = builder.block
        merged = [builder.phi(value.type) for value in sums]
        for phi, old, new in zip(merged, sums, added, strict=True):
            phi.add_incoming(old, without)
            phi.add_incoming(new, within)
        return merged


@dataclass(frozen=True)
class HalfSums:
    """Sums in lanes of 16 bits, each vector of bytes in two: those of its even bytes and those of its odd ones."""

    tile: Tile
    halves: Sequence[ir.Value]  #: flat as [row][vector of bytes][even, odd]
    before: _Before

    def row(self, builder: ir.IRBuilder, row: int) -> list[list[Vector]]:
        """Byte v of a lane of bytes is of the v-th vector of results."""
        count = self.tile.vectors // 2
        own = self.halves[row * count : (row + 1) * count]
        sums = [value for pair in zip(own[::2], own[1::2], strict=True) for value in _widened(builder, *pair)]
        return [[Vector(builder, value)] for value in self.before.added(builder, row, sums)]


class _Shuffled:
    """The code of one tile."""

    def __init__(self, builder: ir.IRBuilder, words: Words, steps: ir.Value) -> None:
        step = words.tile.product.step
        if not isinstance(step, LookUp):
            raise TypeError(f"{words.tile.product.name}: its step looks nothing up")
        self._builder, self._words, self._tile, self._steps = builder, words, words.tile, steps
        self._table = step.table
        self._rows = _in_module(builder.module, step.table)
        self._vectors = words.tile.vectors // 4  #: of bytes
        most = step.table.largest * step.table.codes
        self._block, self._part = _MOST_IN_BYTES // most, _MOST_IN_HALVES // most

    def sum(self) -> Sums:
        """Parts whose sums fit 16 bits: nearly always one."""
        builder, steps = self._builder, self._steps
        before = _Before(builder, self._tile, builder.icmp_signed(">", steps, constant(self._part)))
        nothing = [ir.Constant(ir.VectorType(I16, 2 * self._tile.lanes), None)] * (2 * self._tile.rows * self._vectors)

        def body(first: ir.Value, _: object) -> _Values:
            last = smaller(builder, builder.add(first, constant(self._part)), steps)
            halves = self._sum_part(first, last)
            with builder.if_then(builder.icmp_signed("<", last, steps), likely=False):
                before.keep(builder, halves)
            return halves

        return HalfSums(self._tile, loop(builder, constant(0), steps, self._part, nothing, body), before)

    def _sum_part(self, begin: ir.Value, end: ir.Value) -> _Values:
        """Blocks whose sums fit a byte."""
        builder, cells = self._builder, self._tile.rows * self._vectors
        bytes_, halves = ir.VectorType(I8, 4 * self._tile.lanes), ir.VectorType(I16, 2 * self._tile.lanes)

        def body(first: ir.Value, totals: Sequence[ir.Value]) -> _Values:
            last = smaller(builder, builder.add(first, constant(self._block)), end)
            sums = loop(builder, first, last, 1, [ir.Constant(bytes_, None)] * cells, self._step)
            added = []
            for cell, total in enumerate(sums):
                pairs = builder.bitcast(total, halves)
                parts = builder.and_(pairs, constants(halves, 0xFF)), builder.lshr(pairs, constants(halves, 8))
                added += [builder.add(totals[2 * cell + i], part) for i, part in enumerate(parts)]
            return added

        return loop(builder, begin, end, self._block, [ir.Constant(halves, None)] * (2 * cells), body)

    def _step(self, step: ir.Value, acc: Sequence[ir.Value]) -> _Values:
        """Code by code, so that those of y stay in registers for all rows."""
        builder, sums = self._builder, list(acc)
        for code in range(self._table.codes):
            y = [self._codes_of_y(step, code, vector) for vector in range(self._vectors)]
            for row in range(self._tile.rows):
                entries = self._row_of_table(step, code, row)
                for vector in range(self._vectors):
                    cell = row * self._vectors + vector
                    sums[cell] = builder.add(
                        sums[cell], look_up_bytes(builder, entries, y[vector], self._table.entries.shape[1])
                    )
        return sums

    def _codes_of_y(self, step: ir.Value, code: int, vector: int) -> ir.Value:
        """Codes lie one after the other, [code][vector of bytes], which words and vectors of a tile do not know."""
        word, column = divmod(code * self._vectors + vector, self._tile.vectors)
        value = self._words.columns.words(self._builder, self._tile, step, column)[word]
        return self._builder.bitcast(value, ir.VectorType(I8, 4 * self._tile.lanes))

    def _row_of_table(self, step: ir.Value, code: int, row: int) -> ir.Value:
        """The entries that a code of x chooses, as often as a vector has room for them."""
        builder, bytes_ = self._builder, ir.VectorType(I8, 4 * self._tile.lanes)
        (word,) = self._words.rows.words(builder, self._tile, step, row)
        if isinstance(word.type, ir.VectorType):  # never was in memory, nor was the row that it chooses
            return builder.bitcast(word, bytes_)
        entries, bits = self._table.entries.shape[1], self._table.x_bits
        chosen = builder.and_(builder.lshr(word, ir.Constant(I32, code * bits)), ir.Constant(I32, (1 << bits) - 1))
        at = builder.gep(self._rows, [builder.mul(builder.zext(chosen, I64), constant(entries))])
        row_type = ir.VectorType(I8, entries)
        value = builder.load(builder.bitcast(at, row_type.as_pointer()), align=entries)
        if entries == bytes_.count:
            return value
        again = ir.Constant(ir.VectorType(I32, bytes_.count), [i % entries for i in range(bytes_.count)])
        return builder.shuffle_vector(value, value, again)


def _in_module(module: ir.Module, table: Table) -> ir.Value:
    """The address of the table, which machine code brings along."""
    name = repr(table)
    known = module.globals.get(name)
    if known is None:
        content = table.entries.tobytes()
        known = ir.GlobalVariable(module, ir.ArrayType(I8, len(content)), name)
        known.initializer = ir.Constant(known.value_type, bytearray(content))
        known.linkage, known.global_constant, known.align = "internal", True, 64
    return known.bitcast(I8.as_pointer())
