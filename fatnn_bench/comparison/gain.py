"""How much faster one timed row is than another, and many than many: the arithmetic under every comparison.

A gain is a speedup, the baseline's seconds over the row's: above 1 is faster. How sure it is, follows from what differs
between processes (:mod:`fatnn_bench.statistics.between`). Two kernels that were measured in turns are compared within
each process, so that what a process, or a drift, does to both of them leaves the interval.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from fatnn_bench.document import number
from fatnn_bench.records.repeats import Repeats, alone
from fatnn_bench.records.run import Row
from fatnn_bench.statistics import between, medians
from fatnn_bench.statistics.between import Estimate, Pooled

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


class _Term(NamedTuple):
    """What a mean or total adds up: a weighted logarithm of a time, or of the ratio of two."""

    weight: float
    sure: Estimate
    logs: Mapping[int, float]  #: in each process
    drawn: str | int | None  #: terms of equal ``drawn`` share their processes
    known: Pooled  #: of such logarithms in the run


class Known:
    """What the repeats of two runs tell, and what was found out with it of their rows: that is computed once."""

    def __init__(self, run: Repeats, base: Repeats) -> None:
        self.sides = run, base  #: the run of the rows, and of those they are measured against; they may be one
        self.ratios: dict[tuple[int, int], tuple[Match, list[_Term]]] = {}  #: by the identity of both rows
        self.times: dict[tuple[int, int], tuple[Row, _Term]] = {}  #: by the number of the run and the row's identity


def of_layers(matches: Sequence[Match | None], known: Known) -> list[Gain]:
    """Return the gain of each timed row over the other; :data:`NONE` where there is no match."""
    ratios = iter(_ratios([match for match in matches if match], known))
    return [_gain(_log_speedup(match), _apart(next(ratios))) if match else NONE for match in matches]


def means(groups: Sequence[Sequence[Match]], known: Known) -> list[Gain]:
    """Return the geometric mean of the gains of each group, each pair counted once; :data:`NONE` of no pairs."""
    ratios = iter(_ratios([match for matches in groups for match in matches], known))
    return [_mean(matches, list(islice(ratios, len(matches)))) if matches else NONE for matches in groups]


def of_networks(groups: Sequence[Sequence[Match]], known: Known) -> list[Gain]:
    """Return the gains of whole networks, of Σ count · median, whose layers are the pairs of a group; NONE of none."""
    every = [match for matches in groups for match in matches]
    ratios = iter(_ratios(every, known))
    times = _times([row for row, _ in every], known, 0)
    base_times = _times([base for _, base in every], known, 1)
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


def _mean(matches: Sequence[Match], ratios: Sequence[Sequence[_Term]]) -> Gain:
    """The layers are those asked for, not a draw from a population of layers."""
    n = len(matches)
    return _gain(sum(map(_log_speedup, matches)) / n, _summed(_weighted(1 / n, list(chain.from_iterable(ratios)))))


def _network(matches: Sequence[Match], parts: Sequence[tuple[Sequence[_Term], _Term, _Term]]) -> Gain:
    """By first-order propagation: a layer has the weight of its share a of all time, and b of the baselines' time.

    log Σ base − log Σ row moves by b·log base − a·log row = (a+b)/2·log(base/row) + (b−a)/2·log(base·row).
    """
    time, base_time = network_seconds(matches)
    terms: list[_Term] = []
    for (row, base), (ratio, *both) in zip(matches, parts, strict=True):
        a, b = total_seconds(row) / time, total_seconds(base) / base_time
        terms += _weighted((a + b) / 2, ratio) + _weighted((b - a) / 2, both)
    return _gain(math.log(base_time / time), _summed(terms))


def _weighted(weight: float, terms: Sequence[_Term]) -> list[_Term]:
    return [_Term(weight * term.weight, *term[1:]) for term in terms]  # _replace takes three times as long


def _apart(terms: Sequence[_Term]) -> Estimate:
    """How sure Σ weight·log is of terms that are independent."""
    return between.combined([term.sure for term in terms], [term.weight for term in terms])


def _summed(terms: Sequence[_Term]) -> Estimate:
    """How sure Σ weight·log is: every block has processes of its own."""
    blocks: dict[str | int | None, list[_Term]] = defaultdict(list)
    for term in terms:
        blocks[term.drawn].append(term)
    return between.combined([_together(each) for each in blocks.values()], [1.0] * len(blocks))


def _together(terms: Sequence[_Term]) -> Estimate:
    """How sure Σ weight·log is of terms that share their processes: no surer than if they were independent.

    What a process does to several layers alike does not average out. So the variance of the sum is taken between
    processes, moderated by the one that the correlation ρ of the run's cases makes likely, (1−ρ)·Σ w²σ² + ρ·(Σ wσ)².
    """
    apart = _apart(terms)
    processes = [p for p in terms[0].logs if all(p in term.logs for term in terms)]
    if len(terms) < 2 or len(processes) < 2 or math.isnan(apart.variance):
        return apart
    logs = [sum(term.weight * term.logs[p] for term in terms) for p in processes]
    likely = apart.variance
    for kind in {term.known for term in terms}:
        deviations = [term.weight * math.sqrt(term.sure.variance) for term in terms if term.known == kind]
        likely += kind.shared * (sum(deviations) ** 2 - sum(each**2 for each in deviations))
    known = Pooled(likely * len(processes), apart.freedom)
    return max(apart, *between.estimates([(logs, [])], known), key=between.half_width)


def _gain(log: float, found: Estimate) -> Gain:
    half = between.half_width(found)
    return Gain(math.exp(log), math.exp(log - half), math.exp(log + half))


def _ratios(matches: Sequence[Match], known: Known) -> list[list[_Term]]:
    """The logarithm of each gain: a ratio of times that were measured in turns, or else each time by itself."""
    keys = [(id(row), id(base)) for row, base in matches]
    new = {key: match for key, match in zip(keys, matches, strict=True) if key not in known.ratios}
    in_turns = {key: match for key, match in new.items() if _in_turns(match)}
    apart = {key: match for key, match in new.items() if key not in in_turns}
    for these, terms in ((in_turns, _ratios_in_turns), (apart, _ratios_apart)):
        found = terms(list(these.values()), known)
        known.ratios |= {key: (match, each) for (key, match), each in zip(these.items(), found, strict=True)}
    return [known.ratios[key][1] for key in keys]


def _in_turns(match: Match) -> bool:
    row, base = match
    return row is not base and row.block is not None and row.block == base.block


def _ratios_apart(matches: Sequence[Match], known: Known) -> Iterator[list[_Term]]:
    """Of times that know nothing of each other, or of one that is its own baseline."""
    times = _times([row for row, _ in matches], known, 0)
    base_times = _times([base for _, base in matches], known, 1)
    for (row, base), time, base_time in zip(matches, times, base_times, strict=True):
        yield [] if row is base else [*_weighted(-1.0, [time]), base_time]


def _times(rows: Sequence[Row], known: Known, side: int) -> list[_Term]:
    """The logarithm of each time. Rows that tell of no block share the processes of their run."""
    of_a_time, run = known.sides[side].alone, known.sides.index(known.sides[side])
    new = {id(row): row for row in rows if (run, id(row)) not in known.times}
    for row, sure in zip(new.values(), alone(list(new.values()), of_a_time), strict=True):
        known.times[run, id(row)] = row, _Term(1.0, sure, row.log_times, row.block or run, of_a_time)
    return [known.times[run, id(row)][1] for row in rows]


def _ratios_in_turns(matches: Sequence[Match], known: Known) -> Iterator[list[_Term]]:
    """Of times that were measured in turns, in the processes that both have."""
    logs: list[dict[int, float]] = []
    ratios = []
    for row, base in matches:
        times, base_times = row.log_times, base.log_times
        logs.append({process: base_times[process] - times[process] for process in times if process in base_times})
        ratios += [_of_rounds(row.by_process[process], base.by_process[process]) for process in logs[-1]]
    within = iter(medians.log_variances(ratios))
    cases = [(list(each.values()), list(islice(within, len(each)))) for each in logs]
    sures = between.estimates(cases, known.sides[0].in_turns)
    for (row, _), sure, each in zip(matches, sures, logs, strict=True):
        yield [_Term(1.0, sure, each, row.block, known.sides[0].in_turns)]


def _of_rounds(samples: Sequence[float], base: Sequence[float]) -> list[float]:
    """The ratio in each of the rounds that both were measured in."""
    return [theirs / ours for ours, theirs in zip(samples, base, strict=False)]


def _seconds(row: Row) -> float:
    assert row.median_s is not None  # a match is timed on both sides
    return row.median_s


def _log_speedup(match: Match) -> float:
    row, base = match
    return math.log(_seconds(base) / _seconds(row))
