"""Ternary by look-up: x, y ∈ {−1, 0, 1}, in fields of two bits, negative and zero; two or three of them are a code.

    x·y = N − Σ table[code of x, code of y],   an entry sums 1 − xᵢyᵢ over the values of a code

A field of zeros is +1, whose product with itself is worth 0: what fills a word up adds nothing.
"""

from typing import Any

import numpy as np

from fatnn_kernels import ternary_fatnn
from fatnn_kernels.field_code import FieldCode
from fatnn_kernels.group_code import GroupCode
from fatnn_kernels.look_up import LookUp
from fatnn_kernels.product import TERNARY_VALUES, Operand, Product, length_term
from fatnn_kernels.target import Entries


def worth(x: Any, y: Any) -> Any:
    """1 − xy, 0 to 2."""
    return 1 - x * y


def _product(word_bits: int, group: int) -> Product:
    x = FieldCode(ternary_fatnn.CODE, word_bits)
    y = GroupCode(x, group)
    return Product(
        name="ternary-lookup",
        precision="ternary",
        way="lookup",
        x=Operand(TERNARY_VALUES, x),
        y=Operand(TERNARY_VALUES, y, term=length_term),
        step=LookUp(x, y, worth),
        finish=ternary_fatnn.finish,
        max_k=np.iinfo(np.int32).max // 2,
    )


#: By the entries of a row of the table: nine codes of two values, or 27 of three.
TERNARY_LOOKUP: dict[Entries, Product] = {16: _product(word_bits=32, group=2), 64: _product(word_bits=24, group=3)}
