"""Ternary × binary by look-up: x ∈ {−1, 0, 1} in fields of two bits, y ∈ {−1, 1} in one; four of them are a code.

    x·y = N − Σ table[code of x, code of y],   an entry sums 1 − xᵢyᵢ over the values of a code

Five would be 1024 rows of the table, and more than a level-one cache holds beside the operands.
"""

import numpy as np

from fatnn_kernels import binary, ternary_fatnn
from fatnn_kernels.field_code import FieldCode
from fatnn_kernels.group_code import GroupCode
from fatnn_kernels.look_up import LookUp
from fatnn_kernels.product import BINARY_VALUES, TERNARY_VALUES, Operand, Product, length_term
from fatnn_kernels.ternary_lookup import worth

_X = FieldCode(ternary_fatnn.CODE)
_Y = GroupCode(FieldCode(binary.CODE), group=4)

TERNARY_BINARY_LOOKUP = Product(
    name="ternary-binary-lookup",
    precision="ternary-binary",
    way="lookup",
    x=Operand(TERNARY_VALUES, _X),
    y=Operand(BINARY_VALUES, _Y, term=length_term),
    step=LookUp(_X, _Y, worth),
    finish=ternary_fatnn.finish,
    max_k=np.iinfo(np.int32).max // 2,
)
