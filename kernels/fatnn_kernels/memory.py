"""Arrays and places while code is built: what the arguments of compiled functions are to a tile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from llvmlite import ir

from fatnn_kernels.tile import Tile, constant


class Place(NamedTuple):
    """Which tile of a result is computed, and which part of K goes into it."""

    row_tile: int  #: tiles above it
    column_tile: int  #: tiles before it
    step: int  #: the first
    steps: int  #: their number, at least 1


@dataclass(frozen=True)
class Memory:
    """An array in C order."""

    pointer: ir.Value  #: to its first item
    shape: Sequence[ir.Value]  #: i64

    def at(self, builder: ir.IRBuilder, *index: ir.Value) -> ir.Value:
        """The address of an item; an index left out is 0."""
        offset, *others = index
        for axis, side in enumerate(self.shape[1:]):
            offset = builder.mul(offset, side)
            if axis < len(others):
                offset = builder.add(offset, others[axis])
        return builder.gep(self.pointer, [offset])


@dataclass(frozen=True)
class Here:
    """Where the code of a tile goes, and which tile of a result it computes."""

    builder: ir.IRBuilder
    tile: Tile
    row_tile: ir.Value  #: i64, tiles above it
    column_tile: ir.Value  #: i64, tiles before it
    step: ir.Value  #: i64, the first

    @property
    def row(self) -> ir.Value:
        """i64, its first row."""
        return self.builder.mul(self.row_tile, constant(self.tile.rows))

    @property
    def column(self) -> ir.Value:
        """i64, its first column."""
        return self.builder.mul(self.column_tile, constant(self.tile.columns))
