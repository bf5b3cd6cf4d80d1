"""How far a sum may be off that was computed of activations in 8 bits.

An engine rounds a group of activations to multiples of s = max |x| / 127. Where that leaves an error uniform in
[−s/2, s/2], and weights are at most 1, a sum over K of them is off by

    σ = √(Σₖ sₖ² / 12)

in the mean square. Errors that do not depend on each other add up to a normal one: of 10⁹ sums none is off by 8 σ, and
most that lack a block of weights are.
"""

import numpy as np
from numpy.typing import NDArray

#: Standard deviations that a right sum may be off.
_DEVIATIONS = 8
#: Entries of tables that share a step.
_FOURS = 16
#: A group that is the whole row.
ROW = 2**31


def of_int8(x: NDArray[np.float32], group: int) -> float:
    """The most that any sum of rows x [M, K] may be off, where ``group`` neighbours share a step."""
    starts = np.arange(0, x.shape[1], group)
    steps = np.maximum.reduceat(np.abs(x), starts, axis=1) / 127
    sizes = np.diff(starts, append=x.shape[1])
    return _most((steps**2 * sizes).sum(axis=1) / 12)


def of_tables(x: NDArray[np.float32]) -> float:
    """The same where four activations are one entry of a table, e = ±x₁ ± x₂ ± x₃ ± x₄, in 8 bits.

    A step is that of the 64 activations around, s = max (|x₁| + |x₂| + |x₃| + |x₄|) / 127, and weights of 2 bits take
    two entries, one of them halved: each four add (1 + 1/4) s² / 12 to σ².
    """
    fours = np.add.reduceat(np.abs(x), np.arange(0, x.shape[1], 4), axis=1)
    steps = np.maximum.reduceat(fours, np.arange(0, fours.shape[1], _FOURS), axis=1) / 127
    return _most(1.25 * _FOURS * (steps**2).sum(axis=1) / 12)


def _most(variances: NDArray[np.float32]) -> float:
    return _DEVIATIONS * float(np.sqrt(variances.max()))
