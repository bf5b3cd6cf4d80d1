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
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri, stdtrit

__all__ = ["UNKNOWN", "Estimate", "Pooled", "combined", "estimates", "half_width", "pooled"]

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
    shared: float = 0.0  #: correlation between cases of what one process does to them


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


def estimates(cases: Iterable[tuple[Sequence[float], Sequence[float]]], known: Pooled) -> list[Estimate]:
    """Return how sure the mean over processes is, of each case.

    Cases of equally many processes are computed together: NumPy takes as long for one of them as for fifty.

    Parameters
    ----------
    cases : pairs of sequences, shapes (P,) and (P,)
        The logarithms of the medians in each process, or of ratios of them; and what the rounds leave unsure of each:
        variances; NaN of a single round.
    known
        s² of the run.
    """
    found: dict[int, Estimate] = {}
    of_size: dict[int, dict[int, tuple[Sequence[float], Sequence[float]]]] = defaultdict(dict)
    for i, case in enumerate(cases):
        of_size[len(case[0])][i] = case
    for processes, alike in of_size.items():
        if processes:
            logs, within = (np.array(each, np.float64) for each in zip(*alike.values(), strict=True))
            found |= zip(alike, _estimates(logs, within, known), strict=True)
        else:
            found |= dict.fromkeys(alike, Estimate(math.nan, _MANY))
    return [found[i] for i in range(len(found))]


def _estimates(logs: Floats, within: Floats, known: Pooled) -> list[Estimate]:
    """Of cases in equally many processes, shapes (cases, processes)."""
    n, processes = logs.shape
    own = processes - 1
    v = np.var(logs, axis=1, ddof=1) if own else np.zeros(n)
    others = v > known.variance * fdtri(own, WEIGHT, 1 - _OTHERS) if own else np.zeros(n, bool)
    weight = np.where(others, 0.0, min(WEIGHT, known.freedom))
    told = ~np.isnan(within)
    rounds = np.where(told, within, 0.0).sum(axis=1) / np.where(told.any(axis=1), told.sum(axis=1), math.nan)
    freedom = weight + own
    if not freedom.any():
        return [Estimate(variance, _MANY) for variance in (rounds / processes).tolist()]
    spread = np.fmax((weight * known.variance + own * v) / freedom, rounds) / processes
    return list(map(Estimate, spread.tolist(), np.maximum(freedom, _FEWEST).tolist()))


def combined(parts: Sequence[Estimate], weights: Sequence[float]) -> Estimate:
    """Return how sure Σ wᵢ·mean is of independent means: Σ wᵢ²·variance, with Satterthwaite's degrees of freedom."""
    shares = [weight**2 * part.variance for part, weight in zip(parts, weights, strict=True)]
    doubt = sum(share**2 / part.freedom for part, share in zip(parts, shares, strict=True))
    return Estimate(sum(shares), sum(shares) ** 2 / doubt if doubt else _MANY)


def half_width(found: Estimate, confidence: float = 0.95) -> float:
    """Return half of the interval of a mean of logarithms; NaN where its variance is unknown."""
    return float(stdtrit(found.freedom, (1 + confidence) / 2)) * math.sqrt(found.variance)
