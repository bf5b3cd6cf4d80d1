"""Folding words into accumulators: a function a way, and of popcounts three ways to count one-bits while doing so.

- ``words``: the machine counts the bits of 32-bit lanes; counts are added as they come (``vpopcntd``).
- ``bytes``: it counts the bits of bytes; counts are kept in bytes and widened before they can overflow (Arm's ``cnt``).
- ``carry-save``: it counts nothing, and a popcount is a handful of shuffles or shifts; few words are counted at all
  (:mod:`fatnn_kernels.carry_save`).
"""

from collections.abc import Callable
from typing import TypeAlias

from llvmlite import ir

from fatnn_kernels.carry_save import CarrySave
from fatnn_kernels.matrix_tiles import sum_tiles
from fatnn_kernels.product import Way
from fatnn_kernels.shuffled import sum_looked_up
from fatnn_kernels.sums import RegisterSums, Sums, Words, sum_in_bytes, sum_steps, zeros
from fatnn_kernels.tile import constant, sum_type

Accumulate: TypeAlias = Callable[[ir.IRBuilder, Words, ir.Value], Sums]


def accumulate(builder: ir.IRBuilder, words: Words, steps: ir.Value) -> Sums:
    """Append the fold of so many steps, i64, at least one, to the function being built.

    Returns
    -------
    The accumulators, as vectors of 32-bit lanes.
    """
    return WAYS[words.tile.product.way](builder, words, steps)


def _as_they_come(builder: ir.IRBuilder, words: Words, steps: ir.Value) -> Sums:
    nothing = zeros(words.tile, sum_type(words.tile))
    return RegisterSums(words.tile, sum_steps(builder, words, nothing, constant(0), steps))


def _popcounts(builder: ir.IRBuilder, words: Words, steps: ir.Value) -> Sums:
    tile = words.tile
    if tile.counting == "carry-save":
        return RegisterSums(tile, CarrySave(builder, words).sum(steps))
    if tile.counting == "bytes":
        return RegisterSums(tile, sum_in_bytes(builder, words, zeros(tile, sum_type(tile)), constant(0), steps))
    return _as_they_come(builder, words, steps)


#: The ways that there are on a CPU.
WAYS: dict[Way, Accumulate] = {
    "popcount": _popcounts,
    "tensor": _popcounts,  # what tensor cores count, a CPU can: the truth of it is tested so
    "lookup": sum_looked_up,
    "dot": _as_they_come,
    "tiles": sum_tiles,
    "fma": _as_they_come,
}
