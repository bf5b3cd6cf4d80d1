"""Ternary, gated XNOR: x, y ∈ {−1, 0, 1}. Two bit-planes, nonzero m and negative s.

    p = mx ∧ my;   x·y = pc(p) − 2 pc(p ∧ (sx ⊕ sy))

Count the pairs without a zero, and take away twice those whose signs differ (GXNOR-Net, Deng et al., Neural Networks
2018). Two popcounts like FATNN, into two accumulators.
"""

import numpy as np

from fatnn_kernels.bit_code import BitCode
from fatnn_kernels.operations import Lanes, Planes, Sums, popcount
from fatnn_kernels.product import TERNARY_VALUES, Operand, Product


def masks(ge: Planes) -> Sums:
    """(nonzero, negative), from ge = (v ≥ 0, v ≥ 1)."""
    return ~ge[0] | ge[1], ~ge[0]


def step(acc: Planes, x: Planes, y: Planes) -> Sums:
    """Add pc(p) and pc(p ∧ (sx ⊕ sy)); x is (mx, sx), y is (my, sy)."""
    p = x[0] & y[0]
    return acc[0] + popcount(p), acc[1] + popcount(p & (x[1] ^ y[1]))


def finish(acc: Planes, n: Lanes) -> Lanes:
    """pc(p) − 2 pc(p ∧ (sx ⊕ sy)), where n is 0."""
    return n + acc[0] - acc[1] - acc[1]


CODE = BitCode((-1, 0, 1), masks)

TERNARY_GATED_XNOR = Product(
    name="ternary-gated-xnor",
    precision="ternary",
    way="popcount",
    x=Operand(TERNARY_VALUES, CODE),
    y=Operand(TERNARY_VALUES, CODE),
    step=step,
    finish=finish,
    max_k=np.iinfo(np.int32).max,
)
