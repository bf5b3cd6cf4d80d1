"""How much faster one timed row is than another, and many than many: the arithmetic under every comparison.

A gain is a speedup, the baseline's seconds over the row's: above 1 is faster.
"""

from collections.abc import Sequence
from typing import NamedTuple

from fatnn_bench.comparison import statistics
from fatnn_bench.results.records import Row

__all__ = ["NONE", "Gain", "Match", "mean", "network_seconds", "number", "of_layer", "of_network"]

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


def of_layer(row: Row, base: Row) -> Gain:
    """Return the gain of one timed row over another."""
    interval = statistics.ratio_interval(_samples(base), _samples(row), paired=_in_turns(row, base))
    return Gain(_seconds(base) / _seconds(row), *interval)


def mean(matches: Sequence[Match]) -> Gain:
    """Return the geometric mean of the gains, each pair counted once. Raises ValueError if there are none."""
    speedups = [_seconds(base) / _seconds(row) for row, base in matches]
    low, high = statistics.geometric_mean_interval(
        [_samples(base) for _, base in matches],
        [_samples(row) for row, _ in matches],
        paired=[_in_turns(*match) for match in matches],
    )
    return Gain(statistics.geometric_mean(speedups), low, high)


def of_network(matches: Sequence[Match]) -> Gain:
    """Return the gain of a whole network: of Σ count · median, where the matches are its layers."""
    time, base_time = network_seconds(matches)
    low, high = statistics.total_ratio_interval(
        [_samples(base) for _, base in matches],
        [_samples(row) for row, _ in matches],
        [_count(row) for row, _ in matches],
        paired=[_in_turns(*match) for match in matches],
    )
    return Gain(base_time / time, low, high)


def network_seconds(matches: Sequence[Match]) -> tuple[float, float]:
    """Return Σ count · median_s of the rows, and that of their baselines."""
    return (
        sum(_count(row) * _seconds(row) for row, _ in matches),
        sum(_count(row) * _seconds(base) for row, base in matches),
    )


def number(value: float) -> str:
    """Write a positive number in at most four characters below 10,000: ``0.85``, ``12.3``, ``118``."""
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f}"


def _seconds(row: Row) -> float:
    assert row.median_s is not None  # a match is timed on both sides
    return row.median_s


def _samples(row: Row) -> list[float]:
    """The samples; the median alone, which has no interval, where a file carries none."""
    return row.samples_s or [_seconds(row)]


def _in_turns(row: Row, base: Row) -> bool:
    """Whether sample i of both is of the same round."""
    return row.block is not None and row.block == base.block


def _count(row: Row) -> int:
    return int(row.shape.get("count", 1))
