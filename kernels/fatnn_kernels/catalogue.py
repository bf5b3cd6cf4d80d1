"""Every product, registered: a line each."""

from fatnn_kernels.binary import BINARY
from fatnn_kernels.binary_lookup import BINARY_LOOKUP
from fatnn_kernels.binary_tensor import BINARY_TENSOR
from fatnn_kernels.float32 import FLOAT32
from fatnn_kernels.int8 import INT8_BY_DOT
from fatnn_kernels.int8_tiles import INT8_TILES
from fatnn_kernels.product import Product
from fatnn_kernels.target import Target
from fatnn_kernels.ternary_binary import TERNARY_BINARY
from fatnn_kernels.ternary_binary_lookup import TERNARY_BINARY_LOOKUP
from fatnn_kernels.ternary_binary_tensor import TERNARY_BINARY_TENSOR
from fatnn_kernels.ternary_fatnn import TERNARY_FATNN
from fatnn_kernels.ternary_gated_xnor import TERNARY_GATED_XNOR
from fatnn_kernels.ternary_lookup import TERNARY_LOOKUP
from fatnn_kernels.ternary_naive import TERNARY_NAIVE
from fatnn_kernels.ternary_tensor import TERNARY_TENSOR
from fatnn_kernels.ternary_tiles import TERNARY_TILES
from fatnn_kernels.two_bit import TWO_BIT
from fatnn_kernels.two_bit_lookup import TWO_BIT_LOOKUP
from fatnn_kernels.two_bit_tensor import TWO_BIT_TENSOR

#: Products for tensor cores, from the most to the fewest bits: those of a GPU, for no CPU has any.
TENSOR_PRODUCTS = (TWO_BIT_TENSOR, TERNARY_TENSOR, TERNARY_BINARY_TENSOR, BINARY_TENSOR)


def products(target: Target) -> dict[str, Product]:
    """Every product of a CPU by its name, from the most to the fewest bits, as it suits a target."""
    entries = target.table_entries or 16
    registered = (
        FLOAT32,
        INT8_BY_DOT[target.int8_dot],
        INT8_TILES,
        TWO_BIT,
        TWO_BIT_LOOKUP[entries],
        TERNARY_NAIVE,
        TERNARY_FATNN,
        TERNARY_GATED_XNOR,
        TERNARY_LOOKUP[entries],
        TERNARY_TILES,
        TERNARY_BINARY,
        TERNARY_BINARY_LOOKUP,
        BINARY,
        BINARY_LOOKUP[entries],
    )
    return {product.name: product for product in registered}
