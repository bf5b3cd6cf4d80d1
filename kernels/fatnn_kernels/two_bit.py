"""2-bit, unsigned: x, y ∈ {0, 1, 2, 3}. Two bit-planes, v = b₀ + 2 b₁.

    x·y = pc(x₀∧y₀) + 2 (pc(x₀∧y₁) + pc(x₁∧y₀)) + 4 pc(x₁∧y₁)

Every plane of x meets every plane of y (DoReFa-Net, Zhou et al., 2016, equation 3): four popcounts for 32 values.
"""

import numpy as np

from fatnn_kernels.bit_code import BitCode
from fatnn_kernels.operations import Lanes, Planes, Sums, popcount
from fatnn_kernels.product import TWO_BIT_VALUES, Operand, Product


def masks(ge: Planes) -> Sums:
    """(b₀, b₁), from ge = (v ≥ 1, v ≥ 2, v ≥ 3)."""
    return ge[0] ^ ge[1] ^ ge[2], ge[1]


def step(acc: Planes, x: Planes, y: Planes) -> Sums:
    """Add pc(x₀∧y₀), pc(x₀∧y₁) + pc(x₁∧y₀) and pc(x₁∧y₁); x is (x₀, x₁), y is (y₀, y₁)."""
    return (
        acc[0] + popcount(x[0] & y[0]),
        acc[1] + popcount(x[0] & y[1]) + popcount(x[1] & y[0]),
        acc[2] + popcount(x[1] & y[1]),
    )


def finish(acc: Planes, n: Lanes) -> Lanes:
    """The three sums, weighted 1, 2 and 4, where n is 0."""
    twos = acc[1] + acc[2] + acc[2]
    return n + acc[0] + twos + twos


CODE = BitCode((0, 1, 2, 3), masks)

TWO_BIT = Product(
    name="two-bit",
    precision="two-bit",
    way="popcount",
    x=Operand(TWO_BIT_VALUES, CODE),
    y=Operand(TWO_BIT_VALUES, CODE),
    step=step,
    finish=finish,
    max_k=np.iinfo(np.int32).max // 9,
)
