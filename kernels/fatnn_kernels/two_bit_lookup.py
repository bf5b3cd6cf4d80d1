"""2-bit by look-up: x, y ∈ {0, 1, 2, 3}, in fields of two bits; two or three of them are a code.

    x·y = Σ table[code of x, code of y],   an entry sums xᵢyᵢ over the values of a code

An entry is as large as 18, or 27: fourteen of them, or nine, fit a byte. A word has few codes, so that whole words do.
"""

from typing import Any

import numpy as np

from fatnn_kernels import two_bit
from fatnn_kernels.field_code import FieldCode
from fatnn_kernels.group_code import GroupCode
from fatnn_kernels.look_up import LookUp
from fatnn_kernels.operations import Lanes, Planes
from fatnn_kernels.product import TWO_BIT_VALUES, Operand, Product
from fatnn_kernels.target import Entries


def worth(x: Any, y: Any) -> Any:
    """xy, 0 to 9."""
    return x * y


def finish(acc: Planes, n: Lanes) -> Lanes:
    return n + acc[0]


def _product(word_bits: int, group: int) -> Product:
    x = FieldCode(two_bit.CODE, word_bits)
    y = GroupCode(x, group)
    return Product(
        name="two-bit-lookup",
        precision="two-bit",
        way="lookup",
        x=Operand(TWO_BIT_VALUES, x),
        y=Operand(TWO_BIT_VALUES, y),
        step=LookUp(x, y, worth),
        finish=finish,
        max_k=np.iinfo(np.int32).max // 9,
    )


#: By the entries of a row of the table, one for each code of y.
TWO_BIT_LOOKUP: dict[Entries, Product] = {16: _product(word_bits=16, group=2), 64: _product(word_bits=24, group=3)}
