"""Ternary, FATNN: x, y ∈ {−1, 0, 1}. Two bit-planes, negative s and zero z; s of a zero is free.

    s = sx ⊕ sy;   x·y = N − pc(s) − pc(s ⊕ (zx ∨ zy))

A pair of equal signs counts 0 twice, of different signs 1 twice, and a pair with a zero 1 once, whatever s is. This is
FATNN's popcount(TM(x, y)) − N (Chen, Zhuang, Shen, ICCV 2021) on planes instead of interleaved fields
(:mod:`fatnn_kernels.interleaved`): two popcounts for 32 trits where a 2-bit product takes four.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fatnn_kernels.codec import BitCode
from fatnn_kernels.operations import popcount
from fatnn_kernels.product import TERNARY_VALUES, Cost, Planes, Product, length_term


def planes(ge: Sequence[Any]) -> tuple[Any, ...]:
    """(negative, zero), from ge = (v ≥ 0, v ≥ 1)."""
    return ~ge[0], ge[0] & ~ge[1]


def step(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    s = x[0] ^ y[0]
    return (acc[0] + popcount(s) + popcount(s ^ (x[1] | y[1])),)


def finish(acc: Any, n: Any) -> Any:
    return n - acc[0]


CODE = BitCode((-1, 0, 1), planes)

TERNARY_FATNN = Product(
    name="ternary-fatnn",
    x_domain=TERNARY_VALUES,
    y_domain=TERNARY_VALUES,
    encode_x=CODE,
    encode_y=CODE,
    step=step,
    finish=finish,
    x_planes=2,
    y_planes=2,
    accumulators=1,
    values_per_word=32,
    cost=Cost(two_input=3, three_input=2, popcounts=2, adds=2),
    max_k=np.iinfo(np.int32).max,
    accumulate="popcounts",
    y_term=length_term,
)
