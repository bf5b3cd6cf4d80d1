"""What the right answer is: the product computed another way, exact for integers.

Integers are multiplied by BLAS in a float type in which every sum along the way is a whole number that the type holds
exactly (below 2²⁴ in float32, 2⁵³ in float64), so that the order of the additions cannot matter; the result is int64.
"""

from typing import Any

import numpy as np
from fatnn_kernels.product import Domain
from numpy.typing import NDArray

#: Unit roundoff of float32.
_ROUNDOFF = 2.0**-24


def expected(x: NDArray[Any], y: NDArray[Any], x_domain: Domain, y_domain: Domain) -> NDArray[Any]:
    """x·yᵀ for x [M, K] and y [N, K]: int64 [M, N] for integers, float64 otherwise."""
    if not (x_domain.integral and y_domain.integral):
        return np.asarray(x.astype(np.float64) @ y.T.astype(np.float64))
    largest = x.shape[1] * max(-x_domain.low, x_domain.high) * max(-y_domain.low, y_domain.high)
    exact = np.float32 if largest < 2**24 else np.float64
    return np.asarray(x.astype(exact) @ y.T.astype(exact)).astype(np.int64)


def complaint(result: NDArray[Any], right: NDArray[Any], k: int) -> str:
    """What is wrong with a result, or "" if it is right.

    Integers must agree to the bit. float32 may differ by the rounding of K additions of values in [−1, 1] in any order,
    |error| ≤ γ·K with γ = K·u / (1 − K·u) (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1).
    """
    if result.shape != right.shape:
        return f"the result has shape {result.shape}, expected {right.shape}"
    if right.dtype.kind == "i":
        wrong = result != right
    else:
        wrong = ~(np.abs(result - right) <= k * (k * _ROUNDOFF) / (1 - k * _ROUNDOFF))
    if not wrong.any():
        return ""
    row, column = (int(i) for i in np.unravel_index(np.argmax(wrong), wrong.shape))
    return (
        f"wrong result at [{row}, {column}]: {result[row, column]}, expected {right[row, column]} "
        f"({np.count_nonzero(wrong)} of {wrong.size} outputs are wrong)"
    )
