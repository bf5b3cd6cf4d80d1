"""Binary on tensor cores: x, y ∈ {−1, 1}. One bit-plane, the sign s.

    x·y = 4 pc(s ∧ s′) − 2 pc(s) − 2 pc(s′) + K

It is K − 2 pc(s ⊕ s′) of :mod:`fatnn_kernels.binary`, for tensor cores that have an AND but no XOR of their own.
"""

import numpy as np

from fatnn_kernels import binary
from fatnn_kernels.and_popcounts import AndPopcounts
from fatnn_kernels.operations import Planes, Sums
from fatnn_kernels.product import BINARY_VALUES, Operand, Product, length_term


def factors(planes: Planes) -> Sums:
    """(s,), of x and of y."""
    return (planes[0],)


STEP = AndPopcounts(factors, factors, weights=(4,))

BINARY_TENSOR = Product(
    name="binary-tensor",
    precision="binary",
    way="tensor",
    x=Operand(BINARY_VALUES, binary.CODE, per_bit=(-2,)),
    y=Operand(BINARY_VALUES, binary.CODE, term=length_term, per_bit=(-2,)),
    step=STEP,
    finish=STEP.finish,
    max_k=np.iinfo(np.int32).max // 4,
)
