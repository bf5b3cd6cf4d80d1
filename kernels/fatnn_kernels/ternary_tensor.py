"""Ternary on tensor cores: x, y ∈ {−1, 0, 1}. Two bit-planes, P: +1, N: −1; of both operands, and none where v = 0.

    x·y = 2 pc(P ∧ P′) + 2 pc(N ∧ N′) + pc(Z ∧ M′) − pc(M′),    Z = ¬(P ∨ N),  M′ = P′ ∨ N′

−pc(M′) makes every pair with a nonzero y worth −1; where x is 0, Z ∧ M′ makes that 0 again, and equal signs make it 1.
Three ANDs are the fewest: with e₁ + e₂ + e₃ = 0, what is left of x·y without terms of one operand is
(e₃ − e₁) ⊗ (e₃ − e₁) = 2 e₁ ⊗ e₁ + 2 e₃ ⊗ e₃ − e₂ ⊗ e₂, and no two products of planes give it. Z and M′ are made of P
and N in registers. A word is filled up with zero bits, which add nothing: M′ has none there.
"""

import numpy as np

from fatnn_kernels.and_popcounts import AndPopcounts
from fatnn_kernels.bit_code import BitCode
from fatnn_kernels.operations import Planes, Sums
from fatnn_kernels.product import TERNARY_VALUES, Operand, Product


def masks(ge: Planes) -> Sums:
    """(P, N), from ge = (v ≥ 0, v ≥ 1)."""
    return ge[1], ~ge[0]


def factors_of_x(x: Planes) -> Sums:
    """(P, N, Z)."""
    return x[0], x[1], ~(x[0] | x[1])


def factors_of_y(y: Planes) -> Sums:
    """(P′, N′, M′)."""
    return y[0], y[1], y[0] | y[1]


CODE = BitCode((-1, 0, 1), masks)
STEP = AndPopcounts(factors_of_x, factors_of_y, weights=(2, 2, 1))

TERNARY_TENSOR = Product(
    name="ternary-tensor",
    precision="ternary",
    way="tensor",
    x=Operand(TERNARY_VALUES, CODE),
    y=Operand(TERNARY_VALUES, CODE, per_bit=(-1, -1)),
    step=STEP,
    finish=STEP.finish,
    max_k=np.iinfo(np.int32).max // 2,
)
