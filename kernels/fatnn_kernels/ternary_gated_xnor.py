"""Ternary, gated XNOR: x, y ∈ {−1, 0, 1}. Two bit-planes, nonzero m and negative s.

    p = mx ∧ my;   x·y = pc(p) − 2 pc(p ∧ (sx ⊕ sy))

Count the pairs without a zero, and take away twice those whose signs differ (GXNOR-Net, Deng et al., Neural Networks
2018). Two popcounts like FATNN, into two accumulators.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fatnn_kernels.codec import BitCode
from fatnn_kernels.operations import popcount
from fatnn_kernels.product import TERNARY_VALUES, Cost, Planes, Product, no_term


def planes(ge: Sequence[Any]) -> tuple[Any, ...]:
    """(nonzero, negative), from ge = (v ≥ 0, v ≥ 1)."""
    return ~ge[0] | ge[1], ~ge[0]


def step(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    p = x[0] & y[0]
    return acc[0] + popcount(p), acc[1] + popcount(p & (x[1] ^ y[1]))


def finish(acc: Any, n: Any) -> Any:
    return n + acc[0] - acc[1] - acc[1]


CODE = BitCode((-1, 0, 1), planes)

TERNARY_GATED_XNOR = Product(
    name="ternary-gated-xnor",
    x_domain=TERNARY_VALUES,
    y_domain=TERNARY_VALUES,
    encode_x=CODE,
    encode_y=CODE,
    step=step,
    finish=finish,
    x_planes=2,
    y_planes=2,
    accumulators=2,
    values_per_word=32,
    cost=Cost(two_input=3, three_input=2, popcounts=2, adds=2),
    max_k=np.iinfo(np.int32).max,
    accumulate="popcounts",
    y_term=no_term,
)
