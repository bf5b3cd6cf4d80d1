"""A product that is not shipped, as one file. Ternary, x, y ∈ {−1, 0, 1}: planes of what is positive and negative.

x·y = pc(x₊∧y₊) + pc(x₋∧y₋) − pc(x₊∧y₋) − pc(x₋∧y₊)
"""

from fatnn_kernels.bit_code import BitCode
from fatnn_kernels.operations import popcount
from fatnn_kernels.product import TERNARY_VALUES, Operand, Product


def masks(ge):
    """(positive, negative), from ge = (v ≥ 0, v ≥ 1)."""
    return ge[1], ~ge[0]


def step(acc, x, y):
    same = acc[0] + popcount(x[0] & y[0]) + popcount(x[1] & y[1])
    return same, acc[1] + popcount(x[0] & y[1]) + popcount(x[1] & y[0])


def finish(acc, n):
    return n + acc[0] - acc[1]


CODE = BitCode((-1, 0, 1), masks)

TERNARY_PLANES = Product(
    name="ternary-planes",
    precision="ternary",
    way="popcount",
    x=Operand(TERNARY_VALUES, CODE),
    y=Operand(TERNARY_VALUES, CODE),
    step=step,
    finish=finish,
    max_k=2**30,
)
