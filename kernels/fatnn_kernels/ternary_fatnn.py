"""Ternary, FATNN: x, y ∈ {−1, 0, 1}. Two bit-planes, negative s and zero z; s of a zero is free.

    s = sx ⊕ sy;   x·y = N − pc(s) − pc(s ⊕ (zx ∨ zy))

A pair of equal signs counts 0 twice, of different signs 1 twice, and a pair with a zero 1 once, whatever s is. This is
FATNN's popcount(TM(x, y)) − N (Chen, Zhuang, Shen, ICCV 2021) on planes instead of interleaved fields
(:mod:`fatnn_kernels.interleaved`): two popcounts for 32 trits where a 2-bit product takes four.
"""

import numpy as np

from fatnn_kernels.bit_code import BitCode
from fatnn_kernels.operations import Lanes, Planes, Sums, popcount
from fatnn_kernels.product import TERNARY_VALUES, Operand, Product, length_term


def masks(ge: Planes) -> Sums:
    """(negative, zero), from ge = (v ≥ 0, v ≥ 1)."""
    return ~ge[0], ge[0] & ~ge[1]


def step(acc: Planes, x: Planes, y: Planes) -> Sums:
    """Add pc(s) + pc(s ⊕ (zx ∨ zy)); x is (sx, zx), y is (sy, zy)."""
    s = x[0] ^ y[0]
    return (acc[0] + popcount(s) + popcount(s ^ (x[1] | y[1])),)


def finish(acc: Planes, n: Lanes) -> Lanes:
    """N − pc(s) − pc(s ⊕ (zx ∨ zy)), where n is N."""
    return n - acc[0]


CODE = BitCode((-1, 0, 1), masks)

TERNARY_FATNN = Product(
    name="ternary-fatnn",
    precision="ternary",
    way="popcount",
    x=Operand(TERNARY_VALUES, CODE),
    y=Operand(TERNARY_VALUES, CODE, term=length_term),
    step=step,
    finish=finish,
    max_k=np.iinfo(np.int32).max,
)
