"""How many rows and vectors a product's register tile has on a target.

Accumulators are what a tile is for: they take as many registers as are left by the words that a step multiplies and by
what it computes on the way. Wide tiles share the words of x, high ones those of y; products of few planes and
accumulators are wide. Where measurement proved another shape better, with tests/benchmarks, a table says so, by what a
step takes: such a shape serves every product that takes the same.
"""

from dataclasses import dataclass
from typing import NamedTuple

from fatnn_kernels import matrix_tiles
from fatnn_kernels.carry_save import grouping
from fatnn_kernels.product import Product, Way
from fatnn_kernels.target import Counting, Target


class _Takes(NamedTuple):
    """What a step takes, as far as registers care."""

    way: Way
    x_words: int
    y_words: int
    accumulators: int


#: Rows × vectors where they are faster than those derived.
_THIRTY_TWO_REGISTERS = {
    _Takes("dot", 1, 1, 1): (8, 2),
    _Takes("popcount", 2, 2, 1): (7, 2),
    _Takes("popcount", 2, 2, 2): (6, 2),
    _Takes("popcount", 2, 2, 3): (4, 1),
}
_SIXTEEN_REGISTERS = {_Takes("popcount", 2, 2, 1): (4, 2)}
#: The same when nothing is loaded. With operands in registers, fewer accumulators fit beside them, and a step's first
#: operand is copied where the instruction overwrites it.
_THIRTY_TWO_REGISTERS_ALONE = {
    _Takes("popcount", 1, 1, 1): (6, 4),
    _Takes("popcount", 2, 1, 1): (10, 2),
    _Takes("popcount", 2, 2, 1): (10, 2),
    _Takes("popcount", 2, 2, 2): (2, 2),
    _Takes("popcount", 2, 2, 3): (6, 1),
}
#: The same where carries take the registers: rows, vectors, and the steps from which on such a tile pays.
_CARRY_SAVE = {
    _Takes("popcount", 1, 1, 1): (1, 2, 32),
    _Takes("popcount", 2, 1, 1): (1, 1, 32),
    _Takes("popcount", 2, 2, 1): (1, 2, 8),
}

#: Of a look-up, by registers and the lanes of a vector; the second where the columns of a result fill no more. Sums in
#: bytes are of four vectors of results; those of a row share its code of x, and the row of the table that it chooses.
_LOOK_UP = {
    (16, 4): ((2, 16), (4, 4)),
    (16, 8): ((3, 8), (6, 4)),
    (32, 4): ((4, 16), (8, 4)),
    (32, 16): ((4, 8), (8, 4)),
}

#: Registers for what a step computes on its way to an accumulator; a fused multiply-add computes nothing on its way.
_SPARE = 4
#: More vectors side by side would be wider than the words of a result.
_MOST_VECTORS = 4
#: Registers that the vectors of a carry-save tile fit.
_CARRY_REGISTERS = 16
#: Popcounts into one accumulator that are worth their full adders.
_MANY_POPCOUNTS = 24
#: Steps of inner products that are long, whatever the tile.
_MANY_STEPS = 1 << 10
#: Columns that fill any tile.
_MANY_COLUMNS = 1 << 10


@dataclass(frozen=True)
class TileShape:
    """How a product's register tile is laid out on a target."""

    rows: int
    vectors: int
    counting: Counting


def tile_shape(product: Product, target: Target, steps: int, n: int = _MANY_COLUMNS) -> TileShape:
    """The tile of a product for inner products of so many steps, and so many columns of the result."""
    if product.way == "tiles":
        return TileShape(matrix_tiles.ROWS, matrix_tiles.COLUMNS // target.lanes, target.tile_unit)
    takes = _takes(product)
    if product.way == "lookup":
        wide, narrow = _LOOK_UP[target.registers, target.lanes]
        return TileShape(*(narrow if n <= target.lanes * narrow[1] else wide), counting="bytes")
    if product.way == "popcount" and target.counting == "carry-save":
        rows, vectors, fewest_steps = _CARRY_SAVE.get(takes) or _carry_save(product)
        if steps >= fewest_steps:
            return TileShape(rows, vectors, "carry-save")
    measured = _THIRTY_TWO_REGISTERS if target.registers >= 32 else _SIXTEEN_REGISTERS
    shape = measured.get(takes) or _derived(takes, target.registers)
    return TileShape(*shape, "words" if target.counting == "words" else "bytes")


def limit_shape(product: Product, target: Target) -> TileShape:
    """The tile whose instructions run the fastest on registers alone: the limit of the product."""
    shape = tile_shape(product, target, _MANY_STEPS)
    takes = _takes(product)
    if target.registers < 32 or takes not in _THIRTY_TWO_REGISTERS_ALONE:
        return shape
    return TileShape(*_THIRTY_TWO_REGISTERS_ALONE[takes], shape.counting)


def _takes(product: Product) -> _Takes:
    return _Takes(product.way, product.words("x"), product.words("y"), product.accumulators)


def _derived(takes: _Takes, registers: int) -> tuple[int, int]:
    """A quarter of the registers for the vectors of one row, and rows for all that the rest holds."""
    vectors = min(_MOST_VECTORS, _power_of_two(registers // (4 * (takes.y_words + takes.accumulators))))
    spare = 0 if takes.way == "fma" else _SPARE
    free = registers - vectors * takes.y_words - takes.x_words - spare
    return max(1, free // (vectors * takes.accumulators)), vectors


def _carry_save(product: Product) -> tuple[int, int, int]:
    """One row, with the carries and the count of each accumulator beside the words of a step."""
    carries = sum(depth + 1 for depth in grouping(product).depths)
    vectors = _power_of_two(_CARRY_REGISTERS // (carries + product.words("x") + product.words("y")))
    return 1, vectors, _MANY_POPCOUNTS // max(1, *product.popcounts)


def _power_of_two(most: int) -> int:
    """The largest power of two that is no larger, and at least 1."""
    return 1 << max(0, most.bit_length() - 1)
