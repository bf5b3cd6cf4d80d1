"""How sure a median, a ratio of medians and a mean of ratios are: bootstrap intervals.

Timings are skewed and bounded below, so nothing here assumes a distribution: samples are resampled with replacement,
and an interval is read off the quantiles of what comes out (the percentile method).

Notes
-----
Why the percentile method and not BCa, SciPy's default: the median is not smooth. Its jackknife takes two values at
most, so the acceleration that BCa estimates from it is noise, and undefined where samples tie, as a clock of finite
resolution makes them do. The percentile interval always lies within the samples, and an interval of a ratio turns
into that of the inverse ratio when numerator and denominator change places.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import bootstrap

__all__ = [
    "geometric_mean",
    "geometric_mean_interval",
    "median_interval",
    "ratio_interval",
    "total_ratio_interval",
]

#: The ends of a 95% interval then move by 2% of its width from seed to seed, at 1 to 2 ms a median.
RESAMPLES = 2000

Interval = tuple[float, float]
Floats = NDArray[np.float64]


def median_interval(samples: ArrayLike, confidence: float = 0.95, seed: int = 0) -> Interval:
    """Return the bootstrap interval of a median.

    Parameters
    ----------
    samples : array_like of float, shape (n,)
        Independent measurements, n ≥ 1.
    confidence : float
        Between 0 and 1.
    seed : int
        Of the resampling: equal seeds give equal intervals.

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
    >>> median_interval([3.0, 3.0, 3.0])
    (3.0, 3.0)
    """
    return _quantiles(_medians(samples, np.random.default_rng(seed)), confidence)


def ratio_interval(numerator: ArrayLike, denominator: ArrayLike, confidence: float = 0.95, seed: int = 0) -> Interval:
    """Return the bootstrap interval of median(numerator) / median(denominator), the two resampled independently.

    Parameters and errors are those of :func:`median_interval`; the sample counts may differ. Where numerator and
    denominator were measured in turns, independent resampling leaves the drift they share in the interval: it is too
    wide, never too narrow. An object given as both is one measurement, and its ratio to itself is 1; this holds for
    all intervals of ratios here.
    """
    above, below = _both_medians(numerator, denominator, np.random.default_rng(seed))
    return _quantiles(above / below, confidence)


def geometric_mean(values: ArrayLike) -> float:
    """Return (x₁·x₂ … xₙ)^(1/n) of positive values; the mean under which ratios a/b and b/a agree.

    Raises
    ------
    ValueError
        If there are no values, or one is not positive.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.size == 0 or not np.all(x > 0):
        raise ValueError(f"a geometric mean needs at least one value, all of them positive; got {x.tolist()}")
    return float(np.exp(np.mean(np.log(x))))


def geometric_mean_interval(
    numerators: Sequence[ArrayLike], denominators: Sequence[ArrayLike], confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Return the bootstrap interval of the geometric mean of ratios of medians.

    ``numerators[i]`` and ``denominators[i]`` are the samples of ratio i. Samples are resampled within each ratio:
    the ratios are the cases asked for, not a draw from a population of cases. Errors are those of
    :func:`median_interval`.
    """
    rng = np.random.default_rng(seed)
    draws = [_both_medians(a, b, rng) for a, b in zip(numerators, denominators, strict=True)]
    if not draws:
        raise ValueError("a geometric mean needs at least one ratio")
    logs = [np.log(above / below) for above, below in draws]
    return _quantiles(np.exp(np.mean(logs, axis=0)), confidence)


def total_ratio_interval(
    numerators: Sequence[ArrayLike],
    denominators: Sequence[ArrayLike],
    weights: Sequence[float],
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the bootstrap interval of Σ wᵢ·median(numeratorᵢ) / Σ wᵢ·median(denominatorᵢ).

    With the counts of the layers as weights, this is the ratio of two networks' times. Errors are those of
    :func:`median_interval`.
    """
    rng = np.random.default_rng(seed)
    above, below = np.zeros(RESAMPLES), np.zeros(RESAMPLES)
    for a, b, weight in zip(numerators, denominators, weights, strict=True):
        a_medians, b_medians = _both_medians(a, b, rng)
        above += weight * a_medians
        below += weight * b_medians
    return _quantiles(above / below, confidence)


def _both_medians(a: ArrayLike, b: ArrayLike, rng: np.random.Generator) -> tuple[Floats, Floats]:
    a_medians = _medians(a, rng)
    return a_medians, a_medians if a is b else _medians(b, rng)


def _medians(samples: ArrayLike, rng: np.random.Generator) -> Floats:
    """The medians of RESAMPLES resamples, shape (RESAMPLES,); NaN where there is one sample only."""
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"expected at least one sample in one dimension, got an array of shape {x.shape}")
    if x.size == 1:
        return np.full(RESAMPLES, np.nan)
    result = bootstrap((x,), _median, n_resamples=RESAMPLES, method="percentile", rng=rng, vectorized=True)
    return np.asarray(result.bootstrap_distribution, dtype=np.float64)


def _median(x: Floats, axis: int = -1) -> Floats:
    """``np.median``, by a sort: twice as fast on thousands of short rows."""
    ordered = np.moveaxis(np.sort(x, axis=axis), axis, -1)
    n = ordered.shape[-1]
    return np.asarray((ordered[..., (n - 1) // 2] + ordered[..., n // 2]) / 2)


def _quantiles(draws: Floats, confidence: float) -> Interval:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
