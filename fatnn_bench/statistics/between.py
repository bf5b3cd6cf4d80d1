"""How sure a number is that a few processes measured: a mixed model of logarithms of times.

Case i takes log tᵢₚ = μᵢ + bᵢₚ in process p, where tᵢₚ is the median over the rounds and bᵢₚ is what is particular to
the process, with what its rounds leave unsure. μᵢ is estimated by the mean over P processes, with

    variance = σ² / P,    σ² = (d·s² + f·v) / (d + f),    ν = d + f degrees of freedom,

where v is the case's own variance between its processes, of f = P − 1 degrees of freedom, and s² is pooled over all
cases of a run and weighs as much as d. Of three processes v alone says little, and s² alone nothing of a case that is
noisier than others; together they are Smyth's moderated variance (Stat. Appl. Genet. Mol. Biol. 3, 2004). A case whose
v is larger than chance makes it is of another kind: d is 0 there, and the interval Student's. σ² is never less than
what the rounds themselves leave unsure, which is all that is known of a single process without repeats.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri, stdtrit

__all__ = ["UNKNOWN", "Estimate", "Pooled", "combined", "estimate", "half_width", "pooled"]

#: The most that the pooled variance weighs beside a case's own, in degrees of freedom; docs/measurement.md has the
#: simulation that chose it.
WEIGHT = 4.0
#: A case is of another kind if less than this share of cases have a v as large by chance.
_OTHERS = 0.01
#: The share of their degrees of freedom that is left of variances when their median is taken.
_KEPT = 0.5
#: The fewest degrees of freedom: of less than two repeats, Student's distribution would tell of thousands of per cent.
_FEWEST = 2.0
#: Stands for no end of degrees of freedom: Student's distribution is the normal one.
_MANY = 1e6

Floats = NDArray[np.float64]


class Pooled(NamedTuple):
    """The variance between processes of the typical case of a run."""

    variance: float  #: s², of logarithms
    freedom: float  #: degrees of freedom that it was estimated with


#: Of a run that repeats nothing.
UNKNOWN = Pooled(0.0, 0.0)


class Estimate(NamedTuple):
    """How sure a mean of logarithms is."""

    variance: float  #: NaN where nothing is known of it
    freedom: float  #: degrees of freedom that it was estimated with


def pooled(variances: Sequence[float] | Floats, freedoms: Sequence[float] | Floats, freedom: float) -> Pooled:
    """Return s² of variances of these degrees of freedom: so large that half of them lie below what it makes likely.

    A median, so that some noisy cases among many do not make all of them unsure. Where the v of cases scatter as the
    model has it, v / s² is distributed as F(f, d), whose median is known.

    Parameters
    ----------
    variances, freedoms : shape (n,)
        What is between processes, or between repeats, of n cases.
    freedom
        Degrees of freedom of all of them together: fewer than their sum where some share what they were compared with.
    """
    if not len(variances):
        return UNKNOWN
    f = np.asarray(freedoms, np.float64)
    scaled = np.asarray(variances) / fdtri(f, WEIGHT, 0.5)
    order = np.argsort(scaled)
    middle = np.searchsorted(np.cumsum(f[order]), f.sum() / 2)
    return Pooled(float(scaled[order[middle]]), _KEPT * freedom)


def estimate(logs: Sequence[float] | Floats, within: Sequence[float] | Floats, known: Pooled) -> Estimate:
    """Return how sure the mean over processes is.

    Parameters
    ----------
    logs : shape (P,)
        Of the medians in each process, or of ratios of them.
    within : shape (P,)
        What the rounds leave unsure of each: variances; NaN of a single round.
    known
        s² of the run.
    """
    if not len(logs):
        return Estimate(math.nan, _MANY)
    processes, own = len(logs), len(logs) - 1
    v = float(np.var(logs, ddof=1)) if own else 0.0
    weight = 0.0 if own and v > known.variance * fdtri(own, WEIGHT, 1 - _OTHERS) else min(WEIGHT, known.freedom)
    inside = np.asarray(within)[~np.isnan(within)]
    rounds = float(inside.mean()) if len(inside) else math.nan
    if weight + own == 0:
        return Estimate(rounds / processes, _MANY)
    spread = (weight * known.variance + own * v) / (weight + own)
    return Estimate(float(np.fmax(spread, rounds)) / processes, max(weight + own, _FEWEST))


def combined(parts: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    """Return how sure Σ wᵢ·mean is of independent means: Σ wᵢ²·variance, with Satterthwaite's degrees of freedom."""
    shares = [weight**2 * part.variance for part, weight in zip(parts, weights, strict=True)]
    doubt = sum(share**2 / part.freedom for part, share in zip(parts, shares, strict=True))
    return Estimate(sum(shares), sum(shares) ** 2 / doubt if doubt else _MANY)


def half_width(found: Estimate, confidence: float = 0.95) -> float:
    """Return half of the interval of a mean of logarithms; NaN where its variance is unknown."""
    return float(stdtrit(found.freedom, (1 + confidence) / 2)) * math.sqrt(found.variance)
