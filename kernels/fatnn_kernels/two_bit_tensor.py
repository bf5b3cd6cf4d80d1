"""2-bit on tensor cores: x, y ∈ {0, 1, 2, 3}. Two bit-planes, v = b₀ + 2 b₁.

    x·y = 4 pc(x₁∧y₁) + 2 (pc(x₁∧y₀) + pc(x₀∧y₁)) + pc(x₀∧y₀)

The identity of :mod:`fatnn_kernels.two_bit`: every plane of x meets every plane of y.
"""

from fatnn_kernels.and_popcounts import AndPopcounts
from fatnn_kernels.operations import Planes, Sums
from fatnn_kernels.product import TWO_BIT_VALUES, Operand, Product
from fatnn_kernels.two_bit import CODE, TWO_BIT


def factors_of_x(x: Planes) -> Sums:
    """(x₁, x₁, x₀, x₀)."""
    return x[1], x[1], x[0], x[0]


def factors_of_y(y: Planes) -> Sums:
    """(y₁, y₀, y₁, y₀)."""
    return y[1], y[0], y[1], y[0]


STEP = AndPopcounts(factors_of_x, factors_of_y, weights=(4, 2, 2, 1))

TWO_BIT_TENSOR = Product(
    name="two-bit-tensor",
    precision="two-bit",
    way="tensor",
    x=Operand(TWO_BIT_VALUES, CODE),
    y=Operand(TWO_BIT_VALUES, CODE),
    step=STEP,
    finish=STEP.finish,
    max_k=TWO_BIT.max_k,
)
