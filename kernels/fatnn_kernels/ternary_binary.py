"""Ternary × binary: activations x ∈ {−1, 0, 1}, weights y ∈ {−1, 1}. Planes of x: nonzero m and negative s; of y: s.

    x·y = pc(mx) − 2 pc(mx ∧ (sx ⊕ sy))

pc(mx) depends on x alone: it is counted once a row when x is packed, so a word costs one popcount, as binary does
(TBN, Wan et al., ECCV 2018, section 3.1).
"""

from typing import Any

import numpy as np

from fatnn_kernels import binary, ternary_gated_xnor
from fatnn_kernels.operations import popcount
from fatnn_kernels.product import BINARY_VALUES, TERNARY_VALUES, Cost, Planes, Product, no_term


def step(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    return (acc[0] + popcount(x[0] & (x[1] ^ y[0])),)


def finish(acc: Any, n: Any) -> Any:
    return n - acc[0] - acc[0]


TERNARY_BINARY = Product(
    name="ternary-binary",
    x_domain=TERNARY_VALUES,
    y_domain=BINARY_VALUES,
    encode_x=ternary_gated_xnor.CODE,
    encode_y=binary.CODE,
    step=step,
    finish=finish,
    x_planes=2,
    y_planes=1,
    accumulators=1,
    values_per_word=32,
    cost=Cost(two_input=2, three_input=1, popcounts=1, adds=1),
    max_k=np.iinfo(np.int32).max,
    accumulate="popcounts",
    y_term=no_term,
    x_term_plane=0,
)
