"""The epilogue where branches of a network meet: sums become float32 activations, and stay float32 for the skip.

    out = max(float32(sum) · scale · factor + offset + skip, floor)

Every operation is rounded once, in this order, so that any other program that does the same agrees to the bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from llvmlite import ir

from fatnn_kernels.epilogue import finish_row, row_terms
from fatnn_kernels.tile import Tile, constant
from fatnn_kernels.vector import F32, Vector, load, splat, store


@dataclass(frozen=True)
class StoreActivations:
    """The results as float32 activations of an image."""

    x_term: ir.Value  #: i32*, [rows]
    y_term: ir.Value  #: i32*, [columns]
    affine: ir.Value  #: float*, [3][stride] at the tile's first column: scale, factor and offset
    stride: ir.Value  #: i64, columns of the whole layer
    floor: ir.Value  #: float, 0 for a ReLU, −∞ for none
    has_skip: ir.Value  #: i1
    skip: ir.Value  #: float*, laid out as ``out``; read where ``has_skip``
    out: ir.Value  #: float*
    targets: ir.Value  #: i64*, [rows], where each row's output pixel begins
    column: ir.Value  #: i64, the tile's first column

    def emit(self, builder: ir.IRBuilder, tile: Tile, sums: Sequence[ir.Value]) -> None:
        with builder.if_else(self.has_skip) as (then, otherwise):
            with then:
                self._rows(builder, tile, sums, adds=True)
            with otherwise:
                self._rows(builder, tile, sums, adds=False)

    def _rows(self, builder: ir.IRBuilder, tile: Tile, sums: Sequence[ir.Value], adds: bool) -> None:
        scale, factor, offset = (
            [
                self._at(builder, tile, builder.mul(self.stride, constant(i)), self.affine, v)
                for v in range(tile.vectors)
            ]
            for i in range(3)
        )
        floor = splat(builder, self.floor, tile.lanes)
        for row, terms in enumerate(row_terms(builder, tile, self.x_term, self.y_term)):
            target = builder.add(builder.load(builder.gep(self.targets, [constant(row)])), self.column)
            for v, result in enumerate(finish_row(builder, tile, sums, row, terms)):
                value = result if tile.product.dtype == np.float32 else _as_float(builder, tile, result)
                value = value.of(builder.fmul(builder.fmul(value.value, scale[v]), factor[v]))
                value = value.of(builder.fadd(value.value, offset[v]))
                if adds:
                    value = value.of(builder.fadd(value.value, self._at(builder, tile, target, self.skip, v)))
                above = builder.fcmp_ordered(">", value.value, floor)
                out = builder.gep(self.out, [builder.add(target, constant(v * tile.lanes))])
                store(builder, builder.select(above, value.value, floor), out)

    def _at(self, builder: ir.IRBuilder, tile: Tile, offset: ir.Value, base: ir.Value, vector: int) -> ir.Value:
        pointer = builder.gep(base, [builder.add(offset, constant(vector * tile.lanes))])
        return load(builder, pointer, ir.VectorType(F32, tile.lanes))


def _as_float(builder: ir.IRBuilder, tile: Tile, sums: Vector) -> Vector:
    return sums.of(builder.sitofp(sums.value, ir.VectorType(F32, tile.lanes)))
