"""Binary by look-up: x, y ∈ {−1, 1}, a bit each, the sign; four or six of them are a code.

x·y = N − 2 Σ table[code of x, code of y],   an entry counts the signs of a code that differ
"""

from typing import Any

import numpy as np

from fatnn_kernels import binary
from fatnn_kernels.field_code import FieldCode
from fatnn_kernels.group_code import GroupCode
from fatnn_kernels.look_up import LookUp
from fatnn_kernels.product import BINARY_VALUES, Operand, Product, length_term
from fatnn_kernels.target import Entries


def worth(x: Any, y: Any) -> Any:
    """1 for signs that differ, else 0."""
    return (1 - x * y) / 2


def _product(word_bits: int, group: int) -> Product:
    x = FieldCode(binary.CODE, word_bits)
    y = GroupCode(x, group)
    return Product(
        name="binary-lookup",
        precision="binary",
        way="lookup",
        x=Operand(BINARY_VALUES, x),
        y=Operand(BINARY_VALUES, y, term=length_term),
        step=LookUp(x, y, worth),
        finish=binary.finish,
        max_k=np.iinfo(np.int32).max,
    )


#: By the entries of a row of the table, one for each code of y.
BINARY_LOOKUP: dict[Entries, Product] = {16: _product(word_bits=32, group=4), 64: _product(word_bits=24, group=6)}
