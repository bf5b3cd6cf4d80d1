"""What the rows of an accuracy run say together: a mean and its interval for each precision."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from scipy import stats

from fatnn_bench.accuracy.records import AccuracyRow


@dataclass(frozen=True)
class Summary:
    """One precision's accuracy over seeds."""

    precision: str
    weights: str
    activations: str
    kernel: str | None
    seeds: tuple[int, ...]
    accuracies: tuple[float, ...]  #: one a seed
    weight_bytes: int
    train_s: float  #: of all seeds

    @property
    def mean(self) -> float:
        return float(np.mean(self.accuracies))

    @property
    def half_width(self) -> float:
        """Half the 95% t-interval of the mean; NaN for one seed, which says nothing of its own spread."""
        return t_half_width(self.accuracies)

    @property
    def low(self) -> float:
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        return self.mean + self.half_width


def differences(a: Summary, b: Summary) -> list[float]:
    """a's accuracy less b's, seed by seed, for the seeds that both have.

    Both start from the seed's float network, so what a seed does to both cancels: the t-interval of these differences
    tells two precisions apart, or not, where their own intervals overlap.
    """
    of_b = dict(zip(b.seeds, b.accuracies, strict=True))
    return [x - of_b[seed] for seed, x in zip(a.seeds, a.accuracies, strict=True) if seed in of_b]


def t_half_width(values: Sequence[float], confidence: float = 0.95) -> float:
    """t · s/√n, s the unbiased standard deviation and t Student's quantile with n − 1 degrees of freedom."""
    n = len(values)
    if n < 2:
        return math.nan
    return float(stats.t.ppf((1 + confidence) / 2, n - 1) * np.std(values, ddof=1) / math.sqrt(n))


def summaries(rows: Sequence[AccuracyRow]) -> list[Summary]:
    """One summary a precision, in the order in which they first occur."""
    order = list(dict.fromkeys(row.precision for row in rows))
    arranged = sorted(rows, key=lambda row: (order.index(row.precision), row.seed))
    groups = ((name, list(group)) for name, group in groupby(arranged, key=lambda row: row.precision))
    return [
        Summary(
            name,
            group[0].weights,
            group[0].activations,
            group[0].kernel,
            tuple(row.seed for row in group),
            tuple(row.accuracy for row in group),
            group[0].weight_bytes,
            sum(row.train_s for row in group),
        )
        for name, group in groups
    ]
