"""Where a tile finds its operands: packed, in an image, or in registers only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from llvmlite import ir

from fatnn_kernels.tile import Tile, constant
from fatnn_kernels.vector import I32, load, splat


class Source(Protocol):
    """Gives the words of x or y at a step."""

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        """A SIMD vector a word: of row ``index`` in every lane for x, of the ``index``-th vector of columns for y."""


@dataclass(frozen=True)
class PackedColumns:
    """y packed for the tile, [step][word][column]."""

    pointer: ir.Value  #: u32*

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        count, lanes = tile.product.words("y"), ir.VectorType(I32, tile.lanes)
        at = builder.gep(self.pointer, [builder.mul(step, constant(count * tile.columns))])
        return [
            load(builder, builder.gep(at, [constant(word * tile.columns + index * tile.lanes)]), lanes)
            for word in range(count)
        ]


@dataclass(frozen=True)
class PackedRows:
    """x packed for the tile, [step][word][row]."""

    pointer: ir.Value  #: u32*

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        count = tile.product.words("x")
        at = builder.gep(self.pointer, [builder.mul(step, constant(count * tile.rows))])
        return [
            splat(builder, builder.load(builder.gep(at, [constant(word * tile.rows + index)])), tile.lanes)
            for word in range(count)
        ]


@dataclass(frozen=True)
class TappedRows:
    """x in an image: step k of a row is at its own base plus the offset of tap k, the same for all rows."""

    bases: Sequence[ir.Value]  #: u32*, a row each
    taps: ir.Value  #: i64*, offsets in words

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        tap = builder.load(builder.gep(self.taps, [step]))
        at = builder.gep(self.bases[index], [tap])
        return [
            splat(builder, builder.load(builder.gep(at, [constant(word)])), tile.lanes)
            for word in range(tile.product.words("x"))
        ]


class RegisterOperand:
    """An operand that never was in memory: what is left is the arithmetic, the limit of any kernel of the product.

    An empty piece of assembly makes each use look new, so that LLVM cannot move work out of the loop. What it renewed
    is what it renews next: otherwise each use would cost a copy of the register.
    """

    def __init__(self, values: Sequence[ir.Value]) -> None:
        self._values = list(values)  #: a SIMD vector a word
        self._block: ir.Block | None = None
        self._renewed: list[ir.Value] = []

    def words(self, builder: ir.IRBuilder, tile: Tile, step: ir.Value, index: int) -> list[ir.Value]:
        if builder.block is not self._block:
            self._block, self._renewed = builder.block, self._values
        self._renewed = [_renewed(builder, value) for value in self._renewed]
        return self._renewed


def _renewed(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    register = "w" if "aarch64" in builder.module.triple else "v"
    signature = ir.FunctionType(value.type, [value.type])
    return builder.call(ir.InlineAsm(signature, "", f"={register},0", side_effect=True), [value])
