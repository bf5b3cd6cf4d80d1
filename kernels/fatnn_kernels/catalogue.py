"""Every product, registered: a line each."""

from fatnn_kernels.binary import BINARY
from fatnn_kernels.float32 import FLOAT32
from fatnn_kernels.int8 import INT8_BY_DOT
from fatnn_kernels.int8_tiles import INT8_TILES
from fatnn_kernels.product import Product
from fatnn_kernels.target import Int8Dot
from fatnn_kernels.ternary_binary import TERNARY_BINARY
from fatnn_kernels.ternary_fatnn import TERNARY_FATNN
from fatnn_kernels.ternary_gated_xnor import TERNARY_GATED_XNOR
from fatnn_kernels.ternary_naive import TERNARY_NAIVE
from fatnn_kernels.ternary_tiles import TERNARY_TILES
from fatnn_kernels.two_bit import TWO_BIT


def products(dot: Int8Dot) -> dict[str, Product]:
    """Every product by its name, from the most to the fewest bits, for machines with such an int8 dot instruction."""
    registered = (
        FLOAT32,
        INT8_BY_DOT[dot],
        INT8_TILES,
        TWO_BIT,
        TERNARY_NAIVE,
        TERNARY_FATNN,
        TERNARY_GATED_XNOR,
        TERNARY_TILES,
        TERNARY_BINARY,
        BINARY,
    )
    return {product.name: product for product in registered}
