"""How much faster one timed row is than another, and many than many: the arithmetic under every comparison.

A gain is a speedup, the baseline's seconds over the row's: above 1 is faster. How sure it is, follows from what differs
between processes (:mod:`fatnn_bench.statistics.between`). Two kernels that were measured in turns are compared within
each process, so that what a process, or a drift, does to both of them leaves the interval.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from fatnn_bench.document import number
from fatnn_bench.records.repeats import Repeats, alone
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
    ratios = iter(_ratios([match for match in matches if match], known))
    return [_gain(_log_speedup(match), next(ratios)) if match else NONE for match in matches]


def means(groups: Sequence[Sequence[Match]], known: Known) -> list[Gain]:
    """Return the geometric mean of the gains of each group, each pair counted once; :data:`NONE` of no pairs."""
    ratios = iter(_ratios([match for matches in groups for match in matches], known))
    return [_mean(matches, list(islice(ratios, len(matches)))) if matches else NONE for matches in groups]


def of_networks(groups: Sequence[Sequence[Match]], known: Known) -> list[Gain]:
    """Return the gains of whole networks, of Σ count · median, whose layers are the pairs of a group; NONE of none."""
    every = [match for matches in groups for match in matches]
    ratios = iter(_ratios(every, known))
    times = iter(alone([row for row, _ in every], known[0].alone))
    base_times = iter(alone([base for _, base in every], known[1].alone))
    parts = zip(ratios, times, base_times, strict=True)
    return [_network(matches, list(islice(parts, len(matches)))) if matches else NONE for matches in groups]


def network_seconds(matches: Sequence[Match]) -> tuple[float, float]:
    """Return Σ count · median_s of the rows, and that of their baselines."""
    return (
        sum(total_seconds(row) for row, _ in matches),
        sum(total_seconds(base) for _, base in matches),
    )


def total_seconds(row: Row) -> float:
    """Return the time of a layer, as often as the network has it."""
    return int(row.shape.get("count", 1)) * _seconds(row)


def _mean(matches: Sequence[Match], ratios: Sequence[Estimate]) -> Gain:
    """The layers are those asked for, not a draw from a population of layers: each is as sure as it is alone."""
    n = len(matches)
    return _gain(sum(map(_log_speedup, matches)) / n, between.combined(ratios, [1 / n] * n))


def _network(matches: Sequence[Match], parts: Sequence[tuple[Estimate, Estimate, Estimate]]) -> Gain:
    """By first-order propagation: a layer has the weight of its share a of all time, and b of the baselines' time.

    log Σ base − log Σ row moves by b·log base − a·log row = (a+b)/2·log(base/row) + (b−a)/2·log(base·row).
    """
    time, base_time = network_seconds(matches)
    weights: list[float] = []
    for row, base in matches:
        a, b = total_seconds(row) / time, total_seconds(base) / base_time
        weights += [(a + b) / 2, (b - a) / 2, (b - a) / 2]
    return _gain(math.log(base_time / time), between.combined(list(chain.from_iterable(parts)), weights))


def _gain(log: float, found: Estimate) -> Gain:
    half = between.half_width(found)
    return Gain(math.exp(log), math.exp(log - half), math.exp(log + half))


def _ratios(matches: Sequence[Match], known: Known) -> list[Estimate]:
    """How sure the logarithm of each gain is."""
    together = [_in_turns(match) for match in matches]
    in_turns = iter(_ratios_in_turns([match for match, told in zip(matches, together, strict=True) if told], known))
    apart = iter(_ratios_apart([match for match, told in zip(matches, together, strict=True) if not told], known))
    return [next(in_turns) if told else next(apart) for told in together]


def _in_turns(match: Match) -> bool:
    row, base = match
    return row is not base and row.block is not None and row.block == base.block


def _ratios_apart(matches: Sequence[Match], known: Known) -> Iterator[Estimate]:
    """Of times that know nothing of each other, or of one that is its own baseline."""
    times = alone([row for row, _ in matches], known[0].alone)
    base_times = alone([base for _, base in matches], known[1].alone)
    for (row, base), *both in zip(matches, times, base_times, strict=True):
        yield Estimate(0.0, 1.0) if row is base else between.combined(both, [1.0, 1.0])


def _ratios_in_turns(matches: Sequence[Match], known: Known) -> list[Estimate]:
    """Of times that were measured in turns, in the processes that both have."""
    logs, ratios = [], []
    for row, base in matches:
        times, base_times = row.log_times, base.log_times
        both = [process for process in times if process in base_times]
        logs.append([base_times[process] - times[process] for process in both])
        ratios += [_of_rounds(row.by_process[process], base.by_process[process]) for process in both]
    within = iter(medians.log_variances(ratios))
    return between.estimates([(each, list(islice(within, len(each)))) for each in logs], known[0].in_turns)


def _of_rounds(samples: Sequence[float], base: Sequence[float]) -> list[float]:
    """The ratio in each of the rounds that both were measured in."""
    return [theirs / ours for ours, theirs in zip(samples, base, strict=False)]


def _seconds(row: Row) -> float:
    assert row.median_s is not None  # a match is timed on both sides
    return row.median_s


def _log_speedup(match: Match) -> float:
    row, base = match
    return math.log(_seconds(base) / _seconds(row))
