"""2-bit, unsigned: x, y ∈ {0, 1, 2, 3}. Two bit-planes, v = b₀ + 2 b₁.

    x·y = pc(x₀∧y₀) + 2 (pc(x₀∧y₁) + pc(x₁∧y₀)) + 4 pc(x₁∧y₁)

Every plane of x meets every plane of y (DoReFa-Net, Zhou et al., 2016, equation 3): four popcounts for 32 values.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.codec import bit_planes
from fatnn_kernels.operations import popcount
from fatnn_kernels.product import TWO_BIT_VALUES, Cost, Planes, Product, Words, no_term


def encode(values: NDArray[Any]) -> Words:
    """[R, K] in {0, 1, 2, 3} -> the planes (b₀, b₁)."""
    whole = values.astype(np.uint8)
    return bit_planes((whole & 1).astype(bool), whole >= 2)


def step(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    return (
        acc[0] + popcount(x[0] & y[0]),
        acc[1] + popcount(x[0] & y[1]) + popcount(x[1] & y[0]),
        acc[2] + popcount(x[1] & y[1]),
    )


def finish(acc: Any, n: Any) -> Any:
    twos = acc[1] + acc[2] + acc[2]
    return n + acc[0] + twos + twos


TWO_BIT = Product(
    name="two-bit",
    x_domain=TWO_BIT_VALUES,
    y_domain=TWO_BIT_VALUES,
    encode_x=encode,
    encode_y=encode,
    step=step,
    finish=finish,
    x_planes=2,
    y_planes=2,
    accumulators=3,
    values_per_word=32,
    cost=Cost(two_input=4, three_input=4, popcounts=4, adds=4),
    max_k=np.iinfo(np.int32).max // 9,
    accumulate="popcounts",
    x_term=no_term,
    y_term=no_term,
)
