"""What the networks of other libraries have in common in scope ``network``."""

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.problems import Problem
from fatnn_bench.engine.untrained import PIXEL_BITS

#: Of the largest logit: float32 sums of thousands of terms, in twenty layers, in another order than float64 ones.
_FLOAT32 = 1e-4


def image(problem: Problem) -> NDArray[np.float32]:
    """The pixels as numbers [batch, channels, height, width]."""
    numbers = problem.x.astype(np.float32) * np.float32(2.0**-PIXEL_BITS)
    return np.ascontiguousarray(numbers.transpose(0, 3, 1, 2))


def float_tolerance(problem: Problem) -> float:
    """How far float32 logits may be off."""
    return _FLOAT32 * float(np.abs(problem.right).max())
