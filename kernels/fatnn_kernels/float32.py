"""float32: the baseline. One plane, a word a value.

x·y = Σₖ xₖ yₖ     K in order, in fused multiply-adds where the CPU has them
"""

import numpy as np

from fatnn_kernels.number_code import FloatCode
from fatnn_kernels.operations import Lanes, Planes, Sums, multiply_add
from fatnn_kernels.product import FLOAT32_VALUES, Operand, Product


def step(acc: Planes, x: Planes, y: Planes) -> Sums:
    """Add the product of a value of x and one of y."""
    return (multiply_add(acc[0], x[0], y[0]),)


def finish(acc: Planes, n: Lanes) -> Lanes:
    """The sum, where n is 0, or what was summed before."""
    return n + acc[0]


FLOAT32 = Product(
    name="float32",
    precision="float32",
    way="fma",
    x=Operand(FLOAT32_VALUES, FloatCode()),
    y=Operand(FLOAT32_VALUES, FloatCode()),
    step=step,
    finish=finish,
    max_k=np.iinfo(np.int32).max,
)
