"""int8 by matrix tiles: x, y ∈ {−128 … 127}, four a word, accumulated in int32.

    x·y = Σ xₖyₖ

A step is a row of an AMX tile: 64 values, which ``tdpbssd`` takes for 16 rows and 16 columns at once.
"""

import numpy as np

from fatnn_kernels.int8 import SIGNED_QUADS, finish
from fatnn_kernels.operations import Planes, Sums, dot_signed_quads
from fatnn_kernels.product import INT8_VALUES, Operand, Product


def step(acc: Planes, x: Planes, y: Planes) -> Sums:
    total = acc[0]
    for quad, other in zip(x, y, strict=True):
        total = dot_signed_quads(total, quad, other)
    return (total,)


INT8_TILES = Product(
    name="int8-tiles",
    precision="int8",
    way="tiles",
    x=Operand(INT8_VALUES, SIGNED_QUADS),
    y=Operand(INT8_VALUES, SIGNED_QUADS),
    step=step,
    finish=finish,
    max_k=np.iinfo(np.int32).max // 128**2,
)
