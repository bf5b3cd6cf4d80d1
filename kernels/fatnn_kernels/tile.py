"""The register tile: rows × columns of inner products whose accumulators never leave the registers.

Vectors run along the columns of the result (output channels), and the words of x are broadcast, so that no sum across
lanes is needed and a short K costs nothing. A tile reads operands (:mod:`fatnn_kernels.operands`), accumulates
(:mod:`fatnn_kernels.accumulate`) and stores (:mod:`fatnn_kernels.epilogue`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from llvmlite import ir

from fatnn_kernels.product import Product
from fatnn_kernels.target import Counting
from fatnn_kernels.vector import F32, I32, I64

#: (index, values) -> values, of a loop that is being built.
Body: TypeAlias = Callable[[ir.Value, Sequence[ir.Value]], list[ir.Value]]


@dataclass(frozen=True)
class Tile:
    """A product on one shape of registers."""

    product: Product
    rows: int  #: rows of the result, x vectors
    vectors: int  #: SIMD vectors side by side along the columns
    lanes: int  #: 32-bit lanes of a SIMD vector
    counting: Counting  #: how popcounts are summed, or what multiplies matrix tiles

    @property
    def columns(self) -> int:
        """Columns of the result."""
        return self.vectors * self.lanes


def sum_type(tile: Tile) -> ir.VectorType:
    """The type of a SIMD vector of results."""
    return ir.VectorType(F32 if tile.product.dtype == np.float32 else I32, tile.lanes)


def constant(value: int) -> ir.Constant:
    """An i64 that is known when code is built."""
    return ir.Constant(I64, value)


def loop(
    builder: ir.IRBuilder,
    begin: ir.Value,
    end: ir.Value,
    step: int,
    start: Sequence[ir.Value],
    body: Body,
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
    following = builder.add(index, constant(step))
    index.add_incoming(following, builder.block)
    for phi, value in zip(carried, new, strict=True):
        phi.add_incoming(value, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, end), loop, done)
    builder.position_at_end(done)
    return new
