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
from numpy.typing import ArrayLike

from fatnn_bench.statistics.resampling import RESAMPLES, Floats, Pair, medians, medians_of_groups, medians_of_pairs

__all__ = [
    "Interval",
    "geometric_mean",
    "geometric_mean_intervals",
    "median",
    "median_interval",
    "pair",
    "ratio_interval",
    "ratio_intervals",
    "total_ratio_intervals",
]

Interval = tuple[float, float]


def median(samples: ArrayLike) -> float:
    """Return the median of at least one sample. Raises ValueError if there are none."""
    return float(np.median(_checked(samples)))


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
    return _intervals(medians(_checked(samples)[None], seed, 0), confidence)[0]


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
    return ratio_intervals([pair(numerator, denominator, paired)], confidence, seed)[0]


def pair(numerator: ArrayLike, denominator: ArrayLike, paired: bool = False) -> Pair:
    """Return the two sides of a ratio as the functions for many ratios take them; see :func:`ratio_interval`."""
    return Pair(_checked(numerator), _checked(denominator), paired or numerator is denominator)


def ratio_intervals(pairs: Sequence[Pair], confidence: float = 0.95, seed: int = 0) -> list[Interval]:
    """Return the :func:`ratio_interval` of each pair, in a small part of the time that they take one by one."""
    ends = np.empty((len(pairs), 2))
    for at, above, below in medians_of_pairs(pairs, seed, 0, rising=True):
        ends[at] = _intervals(np.divide(above, below, out=above), confidence)
    return [(low, high) for low, high in ends.tolist()]


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


def geometric_mean_intervals(
    means: Sequence[Sequence[Pair]], confidence: float = 0.95, seed: int = 0
) -> list[Interval]:
    """Return the bootstrap interval of each geometric mean of ratios of medians; NaN for one of no ratios.

    Samples are resampled within each ratio, independently of the others: the ratios of a mean are the cases asked
    for, not a draw from a population of cases.
    """
    logs = np.zeros((len(means), RESAMPLES))
    for _, which, above, below in medians_of_groups(means, seed):
        logs[which] += np.log(above / below)
    with np.errstate(invalid="ignore"):
        return _intervals(np.exp(logs / np.array([[len(pairs)] for pairs in means])), confidence)


def total_ratio_intervals(
    totals: Sequence[Sequence[Pair]],
    weights: Sequence[Sequence[float]],
    confidence: float = 0.95,
    seed: int = 0,
) -> list[Interval]:
    """Return the bootstrap interval of Σ wᵢ·median(numeratorᵢ) / Σ wᵢ·median(denominatorᵢ) of each; NaN of no ratios.

    With the counts of the layers as weights ``weights[j][i]``, a total is the ratio of two networks' times.
    """
    tops, bottoms = np.zeros((2, len(totals), RESAMPLES))
    for place, which, above, below in medians_of_groups(totals, seed):
        shares = np.array([[weights[j][place]] for j in which])
        tops[which] += shares * above
        bottoms[which] += shares * below
    with np.errstate(invalid="ignore"):
        return _intervals(tops / bottoms, confidence)


def _checked(samples: ArrayLike) -> Floats:
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"expected at least one sample in one dimension, got an array of shape {x.shape}")
    return x


def _intervals(draws: Floats, confidence: float) -> list[Interval]:
    """What lies between two quantiles of each row; NaN where more than half of it are.

    Some are where one side has few samples: a resample of rounds may miss them all.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    if not np.isnan(draws.sum()):
        ends = _quantiles(draws, confidence)
    else:
        unknown = np.isnan(draws).sum(axis=1)
        ends = np.full((len(draws), 2), np.nan)
        for i in np.flatnonzero(2 * unknown <= draws.shape[1]):
            ends[i] = _quantiles(draws[i : i + 1, ~np.isnan(draws[i])], confidence)
    return [(low, high) for low, high in ends.tolist()]


def _quantiles(x: Floats, confidence: float) -> Floats:
    """``np.quantile`` of each row at both ends, shape (rows, 2), many times as fast where rows about rise.

    The numbers sought are first brought to their places within the outer quarters of a row. That all numbers
    elsewhere lie between them says that these are their places in the whole row too. It loses the order of ``x``.
    """
    count, quarter = x.shape[1], x.shape[1] // 4
    at = np.array([1 - confidence, 1 + confidence]) / 2 * (count - 1)
    low = at.astype(np.intp)
    high = np.minimum(low + 1, count - 1)
    wrong = np.ones(len(x), bool)
    if high[0] < quarter and count - quarter <= low[1]:
        x[:, :quarter].partition([low[0], high[0]], axis=1)
        x[:, -quarter:].partition([low[1] - count + quarter, high[1] - count + quarter], axis=1)
        wrong = (x[:, quarter:].min(axis=1) < x[:, high[0]]) | (x[:, :-quarter].max(axis=1) > x[:, low[1]])
    if wrong.any():
        x[wrong] = np.partition(x[wrong], [*low, *high], axis=1)
    below: Floats = x[:, low]
    ends: Floats = below + (at - low) * (x[:, high] - below)
    return ends
