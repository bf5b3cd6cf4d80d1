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
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "geometric_mean",
    "geometric_mean_interval",
    "median",
    "median_interval",
    "ratio_interval",
    "total_ratio_interval",
]

#: The ends of a 95% interval then move by 2% of its width from seed to seed, at 1 to 2 ms a median.
RESAMPLES = 2000

#: Draws that are kept, one for each side of each ratio of a mean: they are most of the work, and the same every time.
_STREAMS = 4096
_RANK = np.uint16

Interval = tuple[float, float]
Ranks = NDArray[np.uint16]
Floats = NDArray[np.float64]


def median(samples: ArrayLike) -> float:
    """Return the median of at least one sample. Raises ValueError if there are none."""
    return float(_median(_checked(samples)))


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
    return _quantiles(_medians(samples, seed, 0), confidence)


def ratio_interval(
    numerator: ArrayLike, denominator: ArrayLike, confidence: float = 0.95, seed: int = 0, paired: bool = False
) -> Interval:
    """Return the bootstrap interval of median(numerator) / median(denominator).

    Parameters and errors are those of :func:`median_interval`; the sample counts may differ. An object given as both
    is one measurement, and its ratio to itself is 1; this holds for all intervals of ratios here.

    Parameters
    ----------
    paired : bool
        Whether sample i of the two was measured in the same round i. Rounds are resampled then, with what both
        measured in them, so that a drift which the two share leaves the interval. Otherwise the two are resampled
        independently, and the drift stays in it: it is too wide, never too narrow.
    """
    above, below = _both_medians(numerator, denominator, seed, 0, paired)
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
    numerators: Sequence[ArrayLike],
    denominators: Sequence[ArrayLike],
    confidence: float = 0.95,
    seed: int = 0,
    paired: Sequence[bool] | None = None,
) -> Interval:
    """Return the bootstrap interval of the geometric mean of ratios of medians.

    ``numerators[i]`` and ``denominators[i]`` are the samples of ratio i, and ``paired[i]`` as in
    :func:`ratio_interval`; none is by default. Samples are resampled within each ratio: the ratios are the cases
    asked for, not a draw from a population of cases. Errors are those of :func:`median_interval`.
    """
    if not numerators:
        raise ValueError("a geometric mean needs at least one ratio")
    logs = np.zeros(RESAMPLES)
    pairings = paired or [False] * len(numerators)
    for place, (a, b, p) in enumerate(zip(numerators, denominators, pairings, strict=True)):
        above, below = _both_medians(a, b, seed, place, p)
        logs += np.log(above / below)
    return _quantiles(np.exp(logs / len(numerators)), confidence)


def total_ratio_interval(
    numerators: Sequence[ArrayLike],
    denominators: Sequence[ArrayLike],
    weights: Sequence[float],
    confidence: float = 0.95,
    seed: int = 0,
    paired: Sequence[bool] | None = None,
) -> Interval:
    """Return the bootstrap interval of Σ wᵢ·median(numeratorᵢ) / Σ wᵢ·median(denominatorᵢ).

    With the counts of the layers as weights, this is the ratio of two networks' times. ``paired`` and errors are
    those of :func:`geometric_mean_interval`.
    """
    above, below = np.zeros(RESAMPLES), np.zeros(RESAMPLES)
    pairings = paired or [False] * len(weights)
    for place, (a, b, weight, p) in enumerate(zip(numerators, denominators, weights, pairings, strict=True)):
        a_medians, b_medians = _both_medians(a, b, seed, place, p)
        above += weight * a_medians
        below += weight * b_medians
    return _quantiles(above / below, confidence)


def _both_medians(a: ArrayLike, b: ArrayLike, seed: int, place: int, paired: bool) -> tuple[Floats, Floats]:
    """The medians of resamples of both; ``place`` tells the draws of several ratios in one mean apart."""
    if a is b:
        medians = _medians(a, seed, 2 * place)
        return medians, medians
    x, y = _checked(a), _checked(b)
    if not paired or min(x.size, y.size) == 1:
        return _medians(x, seed, 2 * place), _medians(y, seed, 2 * place + 1)
    if x.size == y.size:
        return _counted_medians(x, seed, 2 * place), _counted_medians(y, seed, 2 * place)
    rounds = max(x.size, y.size)
    draws = np.random.default_rng([seed, 2 * place]).integers(rounds, size=(RESAMPLES, rounds))
    return _median(_padded(x, rounds)[draws]), _median(_padded(y, rounds)[draws])


def _medians(samples: ArrayLike, seed: int, stream: int) -> Floats:
    """The medians of RESAMPLES resamples, shape (RESAMPLES,); NaN where there is one sample only."""
    x = _checked(samples)
    if x.size == 1:
        return np.full(RESAMPLES, np.nan)
    ordered = np.sort(x)
    low, high = _middles(x.size, seed, stream)
    return (ordered[low] + ordered[high]) / 2


@lru_cache(_STREAMS)
def _middles(n: int, seed: int, stream: int) -> tuple[Ranks, Ranks]:
    """The ranks of the two middle values in resamples of n: they depend on n alone, not on the samples."""
    draws = np.sort(np.random.default_rng([seed, stream]).integers(n, size=(RESAMPLES, n)), axis=1)
    return draws[:, (n - 1) // 2].astype(_RANK), draws[:, n // 2].astype(_RANK)


def _counted_medians(x: Floats, seed: int, stream: int) -> Floats:
    """The medians of resamples of rounds: a sort of counts, which those that share the rounds share too.

    With C, how often a resample has each round, and the rounds in the order of their samples, the k-th smallest of
    the resample is x₍₀₎ + Σᵢ [fewer than k of it are among the i smallest] · (x₍ᵢ₊₁₎ − x₍ᵢ₎).
    """
    n, order = x.size, np.argsort(x)
    steps = np.diff(x[order]).astype(np.float32)  # of the spread, to seven digits
    among = np.zeros((n, n - 1), np.float32)
    among[order] = np.arange(n)[:, None] <= np.arange(n - 1)
    upto = _counts(n, seed, stream) @ among  # whole numbers
    low, high = ((upto < k).astype(np.float32) @ steps for k in ((n + 1) // 2, n // 2 + 1))
    medians: Floats = np.clip(x[order[0]] + (low + high) / 2, x[order[0]], x[order[-1]])
    return medians


@lru_cache(_STREAMS // 8)  # for they are larger
def _counts(n: int, seed: int, stream: int) -> NDArray[np.float32]:
    """How often each of n rounds is in a resample, shape (RESAMPLES, n)."""
    rng = np.random.default_rng([seed, stream])
    return rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float32)


def _checked(samples: ArrayLike) -> Floats:
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"expected at least one sample in one dimension, got an array of shape {x.shape}")
    return x


def _padded(x: Floats, rounds: int) -> Floats:
    """The samples, and NaN for the rounds after them."""
    return np.concatenate([x, np.full(rounds - x.size, np.nan)])


def _median(x: Floats, axis: int = -1) -> Floats:
    """``np.nanmedian``, by a sort, which puts NaN last: many times as fast on thousands of short rows."""
    ordered = np.moveaxis(np.sort(x, axis=axis), axis, -1)
    n = np.count_nonzero(~np.isnan(ordered), axis=-1)[..., None]
    middle = np.take_along_axis(ordered, np.concatenate([np.maximum(n - 1, 0) // 2, n // 2], axis=-1), axis=-1)
    return np.asarray(middle.mean(axis=-1))


def _quantiles(draws: Floats, confidence: float) -> Interval:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    known = draws[~np.isnan(draws)]  # a resample of rounds may miss all those of a side that has few
    if known.size < draws.size / 2:
        return float("nan"), float("nan")
    return _quantile(known, (1 - confidence) / 2), _quantile(known, (1 + confidence) / 2)


def _quantile(x: Floats, share: float) -> float:
    """``np.quantile``, many times as fast on a few thousand values."""
    at = share * (x.size - 1)
    low = int(at)
    high = min(low + 1, x.size - 1)
    parts = np.partition(x, (low, high))
    return float(parts[low] + (at - low) * (parts[high] - parts[low]))
