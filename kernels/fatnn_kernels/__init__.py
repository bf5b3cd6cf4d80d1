"""Inner products of low precision at the machine's speed, from plain Python.

>>> import numpy as np
>>> from fatnn_kernels import TERNARY_FATNN, gemm
>>> gemm(TERNARY_FATNN, np.array([[1, 0, -1]]), np.array([[1, 1, 1], [-1, 0, 1]]))
array([[ 0, -2]], dtype=int32)
"""

from fatnn_kernels.binary import BINARY
from fatnn_kernels.catalogue import products
from fatnn_kernels.driver import gemm, pack_operands
from fatnn_kernels.float32 import FLOAT32
from fatnn_kernels.int8 import INT8_BY_DOT
from fatnn_kernels.packing import Packed
from fatnn_kernels.product import Product
from fatnn_kernels.target import current_target
from fatnn_kernels.ternary_binary import TERNARY_BINARY
from fatnn_kernels.ternary_fatnn import TERNARY_FATNN
from fatnn_kernels.ternary_gated_xnor import TERNARY_GATED_XNOR
from fatnn_kernels.ternary_naive import TERNARY_NAIVE
from fatnn_kernels.two_bit import TWO_BIT

INT8 = INT8_BY_DOT[current_target().int8_dot]

#: Every product by its name, from the most to the fewest bits, as this process's target has it.
PRODUCTS = products(current_target())

__all__ = [
    "BINARY",
    "FLOAT32",
    "INT8",
    "PRODUCTS",
    "TERNARY_BINARY",
    "TERNARY_FATNN",
    "TERNARY_GATED_XNOR",
    "TERNARY_NAIVE",
    "TWO_BIT",
    "Packed",
    "Product",
    "gemm",
    "pack_operands",
]
