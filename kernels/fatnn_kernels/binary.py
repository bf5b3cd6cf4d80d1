"""Binary: x, y ∈ {−1, 1}. One bit-plane, the sign s.

    x·y = N − 2 pc(sx ⊕ sy)

Two signs that differ contribute −1, all others +1 (XNOR-Net, Rastegari et al., ECCV 2016, section 3.3).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fatnn_kernels.codec import BitCode
from fatnn_kernels.operations import popcount
from fatnn_kernels.product import BINARY_VALUES, Cost, Planes, Product, length_term


def planes(ge: Sequence[Any]) -> tuple[Any, ...]:
    """The sign plane, from ge = (v ≥ 1,)."""
    return (~ge[0],)


def step(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    return (acc[0] + popcount(x[0] ^ y[0]),)


def finish(acc: Any, n: Any) -> Any:
    return n - acc[0] - acc[0]


CODE = BitCode((-1, 1), planes)

BINARY = Product(
    name="binary",
    x_domain=BINARY_VALUES,
    y_domain=BINARY_VALUES,
    encode_x=CODE,
    encode_y=CODE,
    step=step,
    finish=finish,
    x_planes=1,
    y_planes=1,
    accumulators=1,
    values_per_word=32,
    cost=Cost(two_input=1, three_input=1, popcounts=1, adds=1),
    max_k=np.iinfo(np.int32).max,
    accumulate="popcounts",
    y_term=length_term,
)
