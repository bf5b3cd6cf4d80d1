"""int8: x, y ∈ {−128 … 127}, accumulated in int32. What a word holds depends on the instruction the target has.

- ``unsigned quads`` (VNNI, ``vpdpbusd``): four bytes, x unsigned and y signed. x is stored as x + 128, so
  x·y = Σ (xₖ + 128) yₖ − 128 Σ yₖ; the last sum depends on y alone and is taken when y is packed.
- ``signed quads`` (Arm, ``sdot``): four signed bytes.
- ``pairs`` (any SIMD machine, ``pmaddwd`` on x86): two values widened to int16.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.codec import Values
from fatnn_kernels.number_code import IntegerCode
from fatnn_kernels.operations import Lanes, Planes, Sums, dot_pairs, dot_quads, dot_signed_quads
from fatnn_kernels.product import INT8_VALUES, Operand, Product

PAIRS = IntegerCode("int16")
SIGNED_QUADS = IntegerCode("int8")
UNSIGNED_QUADS = IntegerCode("uint8", zero=128)


def offset_term(y: Values) -> NDArray[np.int32]:
    """−128 Σ yₖ: takes the offset of x out again."""
    total: NDArray[np.int32] = y.astype(np.int32).sum(axis=1, dtype=np.int32)
    return -UNSIGNED_QUADS.zero * total


def step_pairs(acc: Planes, x: Planes, y: Planes) -> Sums:
    """Add the products of two int16 of x and of y."""
    return (dot_pairs(acc[0], x[0], y[0]),)


def step_signed(acc: Planes, x: Planes, y: Planes) -> Sums:
    """Add the products of four int8 of x and of y."""
    return (dot_signed_quads(acc[0], x[0], y[0]),)


def step_offset(acc: Planes, x: Planes, y: Planes) -> Sums:
    """Add the products of four bytes, of x unsigned, xₖ + 128, and of y signed."""
    return (dot_quads(acc[0], x[0], y[0]),)


def finish(acc: Planes, n: Lanes) -> Lanes:
    """The sum and n, which takes the offset of x out again where there is one."""
    return n + acc[0]


_PAIRS = Product(
    name="int8",
    precision="int8",
    way="dot",
    x=Operand(INT8_VALUES, PAIRS),
    y=Operand(INT8_VALUES, PAIRS),
    step=step_pairs,
    finish=finish,
    max_k=np.iinfo(np.int32).max // 128**2,
)
_SIGNED = Operand(INT8_VALUES, SIGNED_QUADS)

#: The int8 product by the dot instruction it is made for; the target names the one to use.
INT8_BY_DOT = {
    "pairs": _PAIRS,
    "signed quads": replace(_PAIRS, x=_SIGNED, y=_SIGNED, step=step_signed),
    "unsigned quads": replace(
        _PAIRS, x=Operand(INT8_VALUES, UNSIGNED_QUADS), y=replace(_SIGNED, term=offset_term), step=step_offset
    ),
}
