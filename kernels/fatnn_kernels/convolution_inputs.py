"""What a convolution is given, checked: weights, and the bounds by which floats become values."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fatnn_kernels.geometry import Geometry
from fatnn_kernels.packing import check_domain, check_k, check_numbers
from fatnn_kernels.product import Product


def checked_weights(product: Product, geometry: Geometry, weights: NDArray[Any]) -> NDArray[Any]:
    """Weights [out_channels, kernel, kernel, in_channels] as [out_channels, K]; raises ValueError of what is none."""
    g = geometry
    expected = (g.out_channels, g.kernel, g.kernel, g.in_channels)
    if not isinstance(weights, np.ndarray) or weights.shape != expected:
        shape = getattr(weights, "shape", None)
        raise ValueError(f"{product.name}: weights have shape {shape}; expected {expected}")
    check_numbers(product, "weights", weights)
    flat = np.asarray(weights).reshape(g.out_channels, -1)
    check_k(product, "weights", flat.shape[1])
    check_domain(product.name, "weights", flat, product.y.domain)
    return flat


def checked_bounds(product: Product, bounds: ArrayLike) -> NDArray[np.float32]:
    """As many bounds as the codec of x has, as float32; raises ValueError of others."""
    checked = np.asarray(bounds, np.float32).reshape(-1)
    expected = product.x.codec.bounds
    if len(checked) != expected or not np.isfinite(checked).all() or (np.diff(checked) < 0).any():
        raise ValueError(
            f"{product.name}: bounds are {checked.tolist()}; expected {expected} finite numbers, ascending"
        )
    return checked
