"""How much faster one timed row is than another, and many than many: the arithmetic under every comparison.

A gain is a speedup, the baseline's seconds over the row's: above 1 is faster. How sure it is, follows from what differs
between processes (:mod:`fatnn_bench.statistics.between`). Two kernels that were measured in turns are compared within
each process, so that what a process, or a drift, does to both of them leaves the interval.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fatnn_bench.document import number
from fatnn_bench.records.repeats import Repeats, alone, log_times
from fatnn_bench.records.run import Row
from fatnn_bench.statistics import between, medians
from fatnn_bench.statistics.between import Estimate

__all__ = [
    "NONE",
    "Gain",
    "Known",
    "Match",
    "means",
    "network_seconds",
    "number",
    "of_layers",
    "of_networks",
    "total_seconds",
]

#: A timed row and the timed row it is measured against.
Match = tuple[Row, Row]
#: What the repeats of their runs tell, which may be one run.
Known = tuple[Repeats, Repeats]


class Gain(NamedTuple):
    """A speedup and its 95% interval; NaN where unknown."""

    speedup: float
    low: float
    high: float

    def __str__(self) -> str:
        """``1.31× [1.27, 1.35]``, without the interval where there is none, and a dash where there is no speedup."""
        if self.speedup != self.speedup:
            return "—"
        interval = f" [{number(self.low)}, {number(self.high)}]" if self.low == self.low else ""
        return f"{number(self.speedup)}×{interval}"


NONE = Gain(float("nan"), float("nan"), float("nan"))


def of_layers(matches: Sequence[Match | None], known: Known) -> list[Gain]:
    """Return the gain of each timed row over the other; :data:`NONE` where there is no match."""
    return [_gain(_log_speedup(match), _ratio(match, known)) if match else NONE for match in matches]


def means(groups: Sequence[Sequence[Match]], known: Known) -> list[Gain]:
    """Return the geometric mean of the gains of each group, each pair counted once; :data:`NONE` of no pairs."""
    return [_mean(matches, known) if matches else NONE for matches in groups]


def of_networks(groups: Sequence[Sequence[Match]], known: Known) -> list[Gain]:
    """Return the gains of whole networks, of Σ count · median, whose layers are the pairs of a group; NONE of none."""
    return [_network(matches, known) if matches else NONE for matches in groups]


def network_seconds(matches: Sequence[Match]) -> tuple[float, float]:
    """Return Σ count · median_s of the rows, and that of their baselines."""
    return (
        sum(total_seconds(row) for row, _ in matches),
        sum(total_seconds(base) for _, base in matches),
    )


def total_seconds(row: Row) -> float:
    """Return the time of a layer, as often as the network has it."""
    return int(row.shape.get("count", 1)) * _seconds(row)


def _mean(matches: Sequence[Match], known: Known) -> Gain:
    """The layers are those asked for, not a draw from a population of layers: each is as sure as it is alone."""
    n = len(matches)
    parts = [_ratio(match, known) for match in matches]
    return _gain(sum(map(_log_speedup, matches)) / n, between.combined(parts, [1 / n] * n))


def _network(matches: Sequence[Match], known: Known) -> Gain:
    """By first-order propagation: a layer has the weight of its share a of all time, and b of the baselines' time.

    log Σ base − log Σ row moves by b·log base − a·log row = (a+b)/2·log(base/row) + (b−a)/2·log(base·row).
    """
    time, base_time = network_seconds(matches)
    parts, weights = [], []
    for row, base in matches:
        a, b = total_seconds(row) / time, total_seconds(base) / base_time
        parts += [_ratio((row, base), known), alone(row, known[0].alone), alone(base, known[1].alone)]
        weights += [(a + b) / 2, (b - a) / 2, (b - a) / 2]
    return _gain(math.log(base_time / time), between.combined(parts, weights))


def _gain(log: float, found: Estimate) -> Gain:
    half = between.half_width(found)
    return Gain(math.exp(log), math.exp(log - half), math.exp(log + half))


def _ratio(match: Match, known: Known) -> Estimate:
    """How sure the logarithm of a gain is."""
    row, base = match
    if row is base:
        return Estimate(0.0, 1.0)
    if row.block is None or row.block != base.block:
        return between.combined([alone(row, known[0].alone), alone(base, known[1].alone)], [1.0, 1.0])
    times, base_times = log_times(row), log_times(base)
    both = [process for process in times if process in base_times]
    logs = [base_times[process] - times[process] for process in both]
    within = [_within(row.by_process[process], base.by_process[process]) for process in both]
    return between.estimate(logs, within, known[0].in_turns)


def _within(samples: Sequence[float], base: Sequence[float]) -> float:
    """What the rounds that both were measured in leave unsure of their ratio: a variance of its logarithm."""
    rounds = min(len(samples), len(base))
    return medians.log_variance(np.divide(base[:rounds], samples[:rounds]))


def _seconds(row: Row) -> float:
    assert row.median_s is not None  # a match is timed on both sides
    return row.median_s


def _log_speedup(match: Match) -> float:
    row, base = match
    return math.log(_seconds(base) / _seconds(row))
