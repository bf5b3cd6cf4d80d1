"""Which kernel multiplies given levels, and what has to be added to what it returns.

Kernels have fixed domains; levels are moved into them. With x = x' + c and w = m·u + o

    Σ x·w = m Σ x'·u + o Σ x' + c Σ w

Σ x' is one more filter, of ones; Σ w is known beforehand.
"""

from dataclasses import dataclass

from fatnn_kernels import BINARY, PRODUCTS, TERNARY_FATNN, TWO_BIT, Product
from fatnn_kernels.product import Way

_LOOK_UPS = (PRODUCTS["two-bit-lookup"], PRODUCTS["ternary-lookup"], PRODUCTS["binary-lookup"])
#: What networks of low-bit levels run with.
NETWORK_PRODUCTS = (TWO_BIT, TERNARY_FATNN, BINARY, *_LOOK_UPS)


@dataclass(frozen=True)
class Encoding:
    """A kernel, and how levels become its operands."""

    product: Product
    x_offset: int = 0  #: c
    w_factor: int = 1  #: m
    w_offset: int = 0  #: o


def encoding(x_levels: tuple[int, ...], w_levels: tuple[int, ...], way: Way = "popcount") -> Encoding:
    """Return the encoding of a way's kernel for these levels of activations and weights.

    Raises
    ------
    ValueError
        If there is none.
    """
    kernels = {product.precision: product for product in NETWORK_PRODUCTS if product.way == way}
    if x_levels == w_levels == (-1, 1):
        return Encoding(kernels["binary"])
    if w_levels == (-1, 0, 1) and x_levels in ((-1, 0, 1), (0, 1, 2)):
        return Encoding(kernels["ternary"], x_offset=x_levels[1])
    factor = w_levels[1] - w_levels[0]
    evenly = w_levels == tuple(range(w_levels[0], w_levels[-1] + 1, factor))
    if x_levels == (0, 1, 2, 3) and evenly and len(w_levels) <= 4:
        return Encoding(kernels["two-bit"], w_factor=factor, w_offset=w_levels[0])
    raise ValueError(f"no kernel multiplies activations in {set(x_levels)} with weights in {set(w_levels)}")
