"""Ternary, naive: x, y ∈ {−1, 0, 1} as 2-bit two's complement, v = b₀ − 2 b₁.

    x·y = pc(x₀∧y₀) − 2 (pc(x₀∧y₁) + pc(x₁∧y₀)) + 4 pc(x₁∧y₁)

What an engine for 2-bit values does with ternary data: the step of :mod:`fatnn_kernels.two_bit`, other weights at the
end, and four popcounts for values that two can multiply.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fatnn_kernels.codec import BitCode
from fatnn_kernels.product import TERNARY_VALUES, Cost, Product, no_term
from fatnn_kernels.two_bit import step


def planes(ge: Sequence[Any]) -> tuple[Any, ...]:
    """(b₀, b₁) of the two's complement, from ge = (v ≥ 0, v ≥ 1): −1 is 11, 0 is 00, 1 is 01."""
    return ~ge[0] | ge[1], ~ge[0]


def finish(acc: Any, n: Any) -> Any:
    twos = acc[2] + acc[2] - acc[1]
    return n + acc[0] + twos + twos


CODE = BitCode((-1, 0, 1), planes)

TERNARY_NAIVE = Product(
    name="ternary-naive",
    x_domain=TERNARY_VALUES,
    y_domain=TERNARY_VALUES,
    encode_x=CODE,
    encode_y=CODE,
    step=step,
    finish=finish,
    x_planes=2,
    y_planes=2,
    accumulators=3,
    values_per_word=32,
    cost=Cost(two_input=4, three_input=4, popcounts=4, adds=4),
    max_k=np.iinfo(np.int32).max,
    accumulate="popcounts",
    y_term=no_term,
)
