"""How much faster one timed row is than another, and many than many: the arithmetic under every comparison.

A gain is a speedup, the baseline's seconds over the row's: above 1 is faster.
"""

from collections.abc import Sequence
from typing import NamedTuple

from fatnn_bench.document import number
from fatnn_bench.records.run import Row
from fatnn_bench.statistics import bootstrap
from fatnn_bench.statistics.resampling import Pair

__all__ = ["NONE", "Gain", "Match", "means", "network_seconds", "number", "of_layers", "of_networks"]

#: A timed row and the timed row it is measured against.
Match = tuple[Row, Row]


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


def of_layers(matches: Sequence[Match | None]) -> list[Gain]:
    """Return the gain of each timed row over the other; :data:`NONE` where there is no match."""
    known = [match for match in matches if match]
    intervals = iter(bootstrap.ratio_intervals(list(map(_pair, known))))
    return [Gain(_speedup(match), *next(intervals)) if match else NONE for match in matches]


def means(groups: Sequence[Sequence[Match]]) -> list[Gain]:
    """Return the geometric mean of the gains of each group, each pair counted once; :data:`NONE` of no pairs."""
    intervals = bootstrap.geometric_mean_intervals([list(map(_pair, matches)) for matches in groups])
    return [
        Gain(bootstrap.geometric_mean(list(map(_speedup, matches))), *interval) if matches else NONE
        for matches, interval in zip(groups, intervals, strict=True)
    ]


def of_networks(groups: Sequence[Sequence[Match]]) -> list[Gain]:
    """Return the gains of whole networks, of Σ count · median, whose layers are the pairs of a group; NONE of none."""
    intervals = bootstrap.total_ratio_intervals(
        [list(map(_pair, matches)) for matches in groups],
        [[_count(row) for row, _ in matches] for matches in groups],
    )
    seconds = map(network_seconds, groups)
    return [
        Gain(base_time / time, *interval) if time else NONE
        for (time, base_time), interval in zip(seconds, intervals, strict=True)
    ]


def network_seconds(matches: Sequence[Match]) -> tuple[float, float]:
    """Return Σ count · median_s of the rows, and that of their baselines."""
    return (
        sum(_count(row) * _seconds(row) for row, _ in matches),
        sum(_count(row) * _seconds(base) for row, base in matches),
    )


def _seconds(row: Row) -> float:
    assert row.median_s is not None  # a match is timed on both sides
    return row.median_s


def _samples(row: Row) -> list[float]:
    """The samples; the median alone, which has no interval, where a file carries none."""
    return row.samples_s or [_seconds(row)]


def _speedup(match: Match) -> float:
    row, base = match
    return _seconds(base) / _seconds(row)


def _pair(match: Match) -> Pair:
    """The samples of both, and whether sample i of both is of the same round."""
    row, base = match
    in_turns = row.block is not None and row.block == base.block
    return bootstrap.pair(_samples(base), _samples(row), in_turns)


def _count(row: Row) -> int:
    return int(row.shape.get("count", 1))
