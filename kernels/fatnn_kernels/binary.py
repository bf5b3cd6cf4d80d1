"""Binary: x, y ∈ {−1, 1}. One bit-plane, the sign s.

    x·y = N − 2 pc(sx ⊕ sy)

Two signs that differ contribute −1, all others +1 (XNOR-Net, Rastegari et al., ECCV 2016, section 3.3).
"""

import numpy as np

from fatnn_kernels.bit_code import BitCode
from fatnn_kernels.operations import Lanes, Planes, Sums, popcount
from fatnn_kernels.product import BINARY_VALUES, Operand, Product, length_term


def masks(ge: Planes) -> Sums:
    """The sign plane, from ge = (v ≥ 1,)."""
    return (~ge[0],)


def step(acc: Planes, x: Planes, y: Planes) -> Sums:
    """Add pc(sx ⊕ sy); x is (sx,), y is (sy,)."""
    return (acc[0] + popcount(x[0] ^ y[0]),)


def finish(acc: Planes, n: Lanes) -> Lanes:
    """N − 2 pc(sx ⊕ sy), where n is N."""
    return n - acc[0] - acc[0]


CODE = BitCode((-1, 1), masks)

BINARY = Product(
    name="binary",
    precision="binary",
    way="popcount",
    x=Operand(BINARY_VALUES, CODE),
    y=Operand(BINARY_VALUES, CODE, term=length_term),
    step=step,
    finish=finish,
    max_k=np.iinfo(np.int32).max,
)
