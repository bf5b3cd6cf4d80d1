"""A product that is not shipped, whose operands differ. Ternary weights y, sixteen a word; int8 activations x, four.

    x·y = Σ xₖ [yₖ = 1] − Σ xₖ [yₖ = −1]

A weight has two bits: 01 for 1, 10 for −1. Weight 4i + b of a word lies in byte b, bits 2i and 2i + 1, so that a shift
brings the weights of the i-th word of x under its bytes.
"""

from dataclasses import dataclass

import numpy as np

from fatnn_kernels.int8 import SIGNED_QUADS
from fatnn_kernels.operations import dot_signed_quads
from fatnn_kernels.product import INT8_VALUES, TERNARY_VALUES, Operand, Product

LOWEST_BITS = 0x01010101


@dataclass(frozen=True)
class PairsOfBits:
    planes: int = 1
    values_per_word: int = 16

    def encode(self, values):
        """[R, K] -> [1, R, ⌈K/16⌉]."""
        rows, k = values.shape
        codes = np.zeros((rows, -(-k // 16), 4, 4), np.uint8)  # [row, word, i, b]
        codes.reshape(rows, -1)[:, :k] = np.where(values < 0, 2, values)
        shifts = 2 * np.arange(4, dtype=np.uint8)[:, None]
        return np.bitwise_or.reduce(codes << shifts, axis=2).view(np.uint32)[None, ..., 0]


def step(acc, x, y):
    plus, minus = acc
    for i, four in enumerate(x):
        plus = dot_signed_quads(plus, four, (y[0] >> 2 * i) & LOWEST_BITS)
        minus = dot_signed_quads(minus, four, (y[0] >> 2 * i + 1) & LOWEST_BITS)
    return plus, minus


def finish(acc, n):
    return n + acc[0] - acc[1]


TERNARY_INT8 = Product(
    name="ternary-int8",
    precision="ternary-int8",
    way="dot",
    x=Operand(INT8_VALUES, SIGNED_QUADS),
    y=Operand(TERNARY_VALUES, PairsOfBits()),
    step=step,
    finish=finish,
    max_k=np.iinfo(np.int32).max // 128,
)
