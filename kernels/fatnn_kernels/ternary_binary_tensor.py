"""Ternary × binary on tensor cores: x ∈ {−1, 0, 1}, y ∈ {−1, 1}. Planes of x: P: +1, N: −1; of y: the sign s′.

    x·y = 2 pc(P ∧ ¬s′) + 2 pc(N ∧ s′) − pc(P) − pc(N)

Every nonzero x is worth −1, and one whose sign is that of y two more.
"""

import numpy as np

from fatnn_kernels import binary, ternary_tensor
from fatnn_kernels.and_popcounts import AndPopcounts
from fatnn_kernels.operations import Planes, Sums
from fatnn_kernels.product import BINARY_VALUES, TERNARY_VALUES, Operand, Product


def factors_of_x(x: Planes) -> Sums:
    """(P, N)."""
    return x[0], x[1]


def factors_of_y(y: Planes) -> Sums:
    """(¬s′, s′)."""
    return ~y[0], y[0]


STEP = AndPopcounts(factors_of_x, factors_of_y, weights=(2, 2))

TERNARY_BINARY_TENSOR = Product(
    name="ternary-binary-tensor",
    precision="ternary-binary",
    way="tensor",
    x=Operand(TERNARY_VALUES, ternary_tensor.CODE, per_bit=(-1, -1)),
    y=Operand(BINARY_VALUES, binary.CODE),
    step=STEP,
    finish=STEP.finish,
    max_k=np.iinfo(np.int32).max // 2,
)
