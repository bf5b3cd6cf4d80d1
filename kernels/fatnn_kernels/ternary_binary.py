"""Ternary × binary: activations x ∈ {−1, 0, 1}, weights y ∈ {−1, 1}. Planes of x: nonzero m and negative s; of y: s.

    x·y = pc(mx) − 2 pc(mx ∧ (sx ⊕ sy))

pc(mx) depends on x alone: it is counted once a row when x is packed, so a word costs one popcount, as binary does
(TBN, Wan et al., ECCV 2018, section 3.1).
"""

import numpy as np

from fatnn_kernels import binary, ternary_gated_xnor
from fatnn_kernels.operations import Lanes, Planes, Sums, popcount
from fatnn_kernels.product import BINARY_VALUES, TERNARY_VALUES, Operand, Product


def step(acc: Planes, x: Planes, y: Planes) -> Sums:
    """Add pc(mx ∧ (sx ⊕ sy)); x is (mx, sx), y is (sy,)."""
    return (acc[0] + popcount(x[0] & (x[1] ^ y[0])),)


def finish(acc: Planes, n: Lanes) -> Lanes:
    """pc(mx) − 2 pc(mx ∧ (sx ⊕ sy)), where n is pc(mx)."""
    return n - acc[0] - acc[0]


TERNARY_BINARY = Product(
    name="ternary-binary",
    precision="ternary-binary",
    way="popcount",
    x=Operand(TERNARY_VALUES, ternary_gated_xnor.CODE, per_bit=(1, 0)),
    y=Operand(BINARY_VALUES, binary.CODE),
    step=step,
    finish=finish,
    max_k=np.iinfo(np.int32).max,
)
