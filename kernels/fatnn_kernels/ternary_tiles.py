"""Ternary by matrix tiles: x, y ∈ {−1, 0, 1}. A value of x is a byte; sixteen of y are a word, and become bytes again.

    x·y = Σ xₖyₖ;   a byte of y = ((c ⊕ 0x82) − 2) ⊕ 0x80,   c its two bits: 00 for 0, 01 for 1, 11 for −1

c ⊕ 0x82 is 0x80 + (value + 2), from which 2 is taken without a borrow from the byte beside it. Tiles multiply int8:
ternary weights cost a quarter of the memory, and as much time.
"""

import numpy as np

from fatnn_kernels.int8 import finish
from fatnn_kernels.operations import Lanes, Planes, Sums, dot_signed_quads
from fatnn_kernels.product import TERNARY_VALUES, Operand, Product
from fatnn_kernels.trit_code import TritBytes, TritPairs


def unpacked(word: Lanes, i: int) -> Lanes:
    """Four values as bytes: the ``i``-th quarter of a word of sixteen."""
    return (((word >> 2 * i) & 0x03030303 ^ 0x82828282) - 0x02020202) ^ 0x80808080


def step(acc: Planes, x: Planes, y: Planes) -> Sums:
    total = acc[0]
    for i, quad in enumerate(x):
        total = dot_signed_quads(total, quad, unpacked(y[i // 4], i % 4))
    return (total,)


TERNARY_TILES = Product(
    name="ternary-tiles",
    precision="ternary",
    way="tiles",
    x=Operand(TERNARY_VALUES, TritBytes()),
    y=Operand(TERNARY_VALUES, TritPairs()),
    step=step,
    finish=finish,
    max_k=np.iinfo(np.int32).max,
)
