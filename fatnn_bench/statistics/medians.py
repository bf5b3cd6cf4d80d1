"""A median of samples, its interval and its variance, none of which assumes a distribution.

Notes
-----
Of n samples drawn again with replacement, the k-th smallest is sample number i of the sorted ones with a probability
that needs no draws: it is ⌈n·U₍ₖ₎⌉, where U₍ₖ₎, the k-th smallest of n uniform numbers, is Beta(k, n−k+1). So the
bootstrap's interval of a median is read off two ranks, and its variance is a weighted sum, that of Maritz and Jarrett
(JASA 73, 1978).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv

__all__ = ["Interval", "interval", "log_variances", "median"]

Floats = NDArray[np.float64]
Interval = tuple[float, float]


def median(samples: ArrayLike) -> float:
    """Return the median of at least one sample. Raises ValueError if there are none."""
    x = sorted(_checked(samples).tolist())  # NumPy takes longer for a row's few samples
    return float((x[(len(x) - 1) // 2] + x[len(x) // 2]) / 2)


def interval(samples: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the bootstrap's interval of a median.

    Parameters
    ----------
    samples : array_like of float, shape (n,)
        Independent measurements, n ≥ 1.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    low, high : float
        In the unit of the samples. Both NaN for a single sample, which says nothing of its own spread; equal where
        all samples are.

    Raises
    ------
    ValueError
        If there are no samples, or ``confidence`` is not between 0 and 1.

    Examples
    --------
    >>> interval([3.0, 3.0, 3.0])
    (3.0, 3.0)
    """
    x = np.sort(_checked(samples))
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    if x.size == 1:
        return float("nan"), float("nan")
    low = int(x.size * betaincinv(*_middle(x.size), (1 - confidence) / 2))
    return float(x[low]), float(x[x.size - 1 - low])


def log_variances(cases: Iterable[Sequence[float] | Floats]) -> list[float]:
    """Return the variance of the logarithm of the median of each case's positive samples; NaN of a single sample.

    Cases of equally many samples are computed together: NumPy takes as long for one of them as for fifty.
    """
    found: dict[int, float] = {}
    of_size: dict[int, dict[int, Sequence[float] | Floats]] = defaultdict(dict)
    for i, samples in enumerate(cases):
        of_size[len(samples)][i] = samples
    for n, alike in of_size.items():
        x = np.sort(np.log(np.array(list(alike.values()), np.float64)))
        found |= zip(alike, _log_variances(x).tolist() if n > 1 else [float("nan")] * len(x), strict=True)
    return [found[i] for i in range(len(found))]


def _log_variances(x: Floats) -> Floats:
    """Of sorted logarithms, shape (cases, samples)."""
    weights = _weights(x.shape[1])[:, None]
    mean = x[:, None, :] @ weights
    found: Floats = ((x[:, None, :] - mean) ** 2 @ weights)[:, 0, 0]
    return found


@lru_cache(256)
def _weights(n: int) -> Floats:
    """How likely each of n sorted samples is to be the median of a resample; between the two middle ones for even n."""
    found: Floats = np.diff(betainc(*_middle(n), np.arange(n + 1) / n))
    return found


def _middle(n: int) -> tuple[float, float]:
    return (n + 1) / 2, (n + 1) / 2


def _checked(samples: ArrayLike) -> Floats:
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"expected at least one sample in one dimension, got an array of shape {x.shape}")
    return x
