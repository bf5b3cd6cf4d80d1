"""Ternary, naive: x, y ∈ {−1, 0, 1} as 2-bit two's complement, v = b₀ − 2 b₁.

    x·y = pc(x₀∧y₀) − 2 (pc(x₀∧y₁) + pc(x₁∧y₀)) + 4 pc(x₁∧y₁)

What an engine for 2-bit values does with ternary data: the step of :mod:`fatnn_kernels.two_bit`, other weights at the
end, and four popcounts for values that two can multiply.
"""

import numpy as np

from fatnn_kernels.bit_code import BitCode
from fatnn_kernels.operations import Lanes, Planes, Sums
from fatnn_kernels.product import TERNARY_VALUES, Operand, Product
from fatnn_kernels.two_bit import step


def masks(ge: Planes) -> Sums:
    """(b₀, b₁) of the two's complement, from ge = (v ≥ 0, v ≥ 1): −1 is 11, 0 is 00, 1 is 01."""
    return ~ge[0] | ge[1], ~ge[0]


def finish(acc: Planes, n: Lanes) -> Lanes:
    """The sums of :func:`fatnn_kernels.two_bit.step`, weighted 1, −2 and 4, where n is 0."""
    twos = acc[2] + acc[2] - acc[1]
    return n + acc[0] + twos + twos


CODE = BitCode((-1, 0, 1), masks)

TERNARY_NAIVE = Product(
    name="ternary-naive",
    precision="ternary",
    way="popcount",
    x=Operand(TERNARY_VALUES, CODE),
    y=Operand(TERNARY_VALUES, CODE),
    step=step,
    finish=finish,
    max_k=np.iinfo(np.int32).max,
)
