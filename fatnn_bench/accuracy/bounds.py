"""The floats at which a quantizer switches level, found by asking it.

A quantizer of activations is monotone. So level ≥ i if and only if x ≥ bᵢ, where bᵢ is the least float32 that reaches
level i. Bisection over the float32 numbers finds it with the quantizer's own arithmetic, where 0.5/α would be wrong
in the last bit.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from fatnn_bench.accuracy.quantizers.common import Quantizer

_LARGEST = int(np.float32(np.finfo(np.float32).max).view(np.int32))


def level_bounds(quantizer: Quantizer) -> NDArray[np.float32]:
    """Return the least float32 of each level but the lowest, ascending.

    Raises
    ------
    ValueError
        If the quantizer never gives one of its levels, as one with a step size of 0.
    """
    levels = np.asarray(quantizer.levels, np.float32)
    low, high = np.full(len(levels) - 1, -_LARGEST), np.full(len(levels) - 1, _LARGEST)
    if not (_level(quantizer, low) == levels[0]).all() or not (_level(quantizer, high) == levels[-1]).all():
        raise ValueError("its activations do not use all their levels, as where a step size is 0; train it anew")
    while np.any(high - low > 1):  # low is below the bound, high reaches it
        middle = (low + high) // 2
        reached = _level(quantizer, middle) >= levels[1:]
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return _float(high)


def _level(quantizer: Quantizer, rank: NDArray[np.int64]) -> NDArray[np.float32]:
    with torch.no_grad():
        found: NDArray[np.float32] = quantizer(torch.from_numpy(_float(rank)))[0].numpy()
    return found


def _float(rank: NDArray[np.int64]) -> NDArray[np.float32]:
    """The float32 of a rank: 0 is 0, and each next rank is the next number."""
    size = np.abs(rank).astype(np.int32).view(np.float32)
    return np.where(rank < 0, -size, size)
