"""What the right answer is: the product computed another way, exact for integers.

Integers are multiplied by BLAS in a float type in which every sum along the way is a whole number that the type holds
exactly (below 2²⁴ in float32, 2⁵³ in float64), so that the order of the additions cannot matter; the result is int64.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.product import Domain

#: Unit roundoff of float32.
_ROUNDOFF = 2.0**-24


def expected(x: NDArray[Any], y: NDArray[Any], x_domain: Domain, y_domain: Domain) -> NDArray[Any]:
    """x·yᵀ for x [M, K] and y [N, K]: int64 [M, N] for integers, float64 otherwise."""
    if not (x_domain.integral and y_domain.integral):
        return np.asarray(x.astype(np.float64) @ y.T.astype(np.float64))
    largest = x.shape[1] * max(-x_domain.low, x_domain.high) * max(-y_domain.low, y_domain.high)
    exact = np.float32 if largest < 2**24 else np.float64
    return np.asarray(x.astype(exact) @ y.T.astype(exact)).astype(np.int64)


def convolution(image: NDArray[Any], weights: NDArray[Any], stride: int, padding: int, border: int) -> NDArray[Any]:
    """Convolve an image [B, H, W, C] with weights [N, kernel, kernel, C], tap by tap.

    Returns
    -------
    [B, out_height, out_width, N]: int64 for integers, float64 otherwise. Outside the image its values are ``border``.
    """
    kernel = weights.shape[1]
    widths = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    padded = np.pad(image.astype(np.float64), widths, constant_values=border)
    height, width = ((side - kernel) // stride + 1 for side in padded.shape[1:3])
    total = np.zeros((len(image), height, width, len(weights)))
    for row, column in np.ndindex(kernel, kernel):
        rows, columns = slice(row, row + stride * height, stride), slice(column, column + stride * width, stride)
        total += padded[:, rows, columns][:, :height, :width] @ weights[:, row, column].T.astype(np.float64)
    return total if image.dtype.kind == "f" else total.astype(np.int64)


def complaint(result: NDArray[Any], right: NDArray[Any], k: int, tolerance: float | None = None) -> str:
    """What is wrong with a result, or "" if it is right.

    Integers must agree to the bit. float32 may differ by the rounding of K additions in any order. The values of
    :mod:`fatnn_bench.workload.data` lie in [−1, 1] with mean 0 (or are all ±1, whose sums are exact), so that partial
    sums stay in the order of √K, and so do K rounding errors of one such sum (Higham and Mary, SIAM J. Sci. Comput.
    2019): |error| ≤ 16·K·u, over a hundred standard deviations. The worst case, K²·u, would let a lost product pass. A
    ``tolerance`` takes the place of both where a kernel rounds its outputs.
    """
    if result.shape != right.shape:
        return f"the result has shape {result.shape}, expected {right.shape}"
    if tolerance is None and right.dtype.kind == "i":
        wrong = result != right
    else:
        wrong = ~(np.abs(result - right) <= (16 * k * _ROUNDOFF if tolerance is None else tolerance))
    if not wrong.any():
        return ""
    at = tuple(int(i) for i in np.unravel_index(np.argmax(wrong), wrong.shape))
    return (
        f"wrong result at {list(at)}: {result[at]}, expected {right[at]} "
        f"({np.count_nonzero(wrong)} of {wrong.size} outputs are wrong)"
    )
