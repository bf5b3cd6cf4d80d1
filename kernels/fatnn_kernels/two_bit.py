"""2-bit, unsigned: x, y ∈ {0, 1, 2, 3}. Two bit-planes, v = b₀ + 2 b₁.

    x·y = pc(x₀∧y₀) + 2 (pc(x₀∧y₁) + pc(x₁∧y₀)) + 4 pc(x₁∧y₁)

Every plane of x meets every plane of y (DoReFa-Net, Zhou et al., 2016, equation 3): four popcounts for 32 values.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fatnn_kernels.codec import BitCode
from fatnn_kernels.operations import popcount
from fatnn_kernels.product import TWO_BIT_VALUES, Cost, Planes, Product, no_term


def planes(ge: Sequence[Any]) -> tuple[Any, ...]:
    """(b₀, b₁), from ge = (v ≥ 1, v ≥ 2, v ≥ 3)."""
    return ge[0] ^ ge[1] ^ ge[2], ge[1]


def step(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    return (
        acc[0] + popcount(x[0] & y[0]),
        acc[1] + popcount(x[0] & y[1]) + popcount(x[1] & y[0]),
        acc[2] + popcount(x[1] & y[1]),
    )


def finish(acc: Any, n: Any) -> Any:
    twos = acc[1] + acc[2] + acc[2]
    return n + acc[0] + twos + twos


CODE = BitCode((0, 1, 2, 3), planes)

TWO_BIT = Product(
    name="two-bit",
    x_domain=TWO_BIT_VALUES,
    y_domain=TWO_BIT_VALUES,
    encode_x=CODE,
    encode_y=CODE,
    step=step,
    finish=finish,
    x_planes=2,
    y_planes=2,
    accumulators=3,
    values_per_word=32,
    cost=Cost(two_input=4, three_input=4, popcounts=4, adds=4),
    max_k=np.iinfo(np.int32).max // 9,
    accumulate="popcounts",
    y_term=no_term,
)
