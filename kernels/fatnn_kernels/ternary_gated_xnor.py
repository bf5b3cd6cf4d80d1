"""Ternary, gated XNOR: x, y ∈ {−1, 0, 1}. Two bit-planes, nonzero m and negative s.

    p = mx ∧ my;   x·y = pc(p) − 2 pc(p ∧ (sx ⊕ sy))

Count the pairs without a zero, and take away twice those whose signs differ (GXNOR-Net, Deng et al., Neural Networks
2018). Two popcounts like FATNN, into two accumulators.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.codec import bit_planes
from fatnn_kernels.operations import popcount
from fatnn_kernels.product import TERNARY_VALUES, Cost, Planes, Product, Words, no_term


def encode(values: NDArray[Any]) -> Words:
    """[R, K] in {−1, 0, 1} -> the planes (nonzero, negative)."""
    return bit_planes(values != 0, values < 0)


def step(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    p = x[0] & y[0]
    return acc[0] + popcount(p), acc[1] + popcount(p & (x[1] ^ y[1]))


def finish(acc: Any, n: Any) -> Any:
    return n + acc[0] - acc[1] - acc[1]


TERNARY_GATED_XNOR = Product(
    name="ternary-gated-xnor",
    x_domain=TERNARY_VALUES,
    y_domain=TERNARY_VALUES,
    encode_x=encode,
    encode_y=encode,
    step=step,
    finish=finish,
    x_planes=2,
    y_planes=2,
    accumulators=2,
    values_per_word=32,
    cost=Cost(two_input=3, three_input=2, popcounts=2, adds=2),
    max_k=np.iinfo(np.int32).max,
    accumulate="popcounts",
    x_term=no_term,
    y_term=no_term,
)
