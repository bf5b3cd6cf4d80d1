"""What runs of the same cases show of what is promised: how often intervals hold, and verdicts are right.

Of two runs that follow each other, FATNN is compared with itself, which is an A/A comparison, and with FATNN that does
more work. The interval of a ratio in one run should hold what all other runs say of that ratio together.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from fatnn_bench.comparison import compare, compare_runs
from fatnn_bench.comparison.verdict import MIN_EFFECT, Verdict
from fatnn_bench.records.provenance import machine_name
from fatnn_bench.records.run import Run, Status
from fatnn_bench.trust import planted

__all__ = ["Coverage", "Quiet", "Report", "Tally", "coverage", "judge", "tally"]

#: Of so many runs, FATNN : float32 should spread little.
_SPREAD_OF = 10


@dataclass(frozen=True)
class Tally:
    """How often which verdict was given."""

    comparisons: int
    different: int  #: FASTER or SLOWER
    slower: int
    unclear: int
    resolved: int  #: those of runs whose stated floor is not above the least effect, 2%
    slower_resolved: int  #: of these


@dataclass(frozen=True)
class Coverage:
    """How often the 95% interval of one run held the pooled value of the others."""

    intervals: int
    held: int
    half_width: float  #: of the typical interval, relative


@dataclass(frozen=True)
class Quiet:
    """How quiet the machine was."""

    load_average: list[float] | None  #: before the first run
    busy: bool  #: whether a core was kept busy on purpose
    mistrusted: float  #: the share of times
    reason: str  #: the most frequent; empty if none was


@dataclass(frozen=True)
class Report:
    """What the runs showed."""

    created: str
    machine: str
    quiet: Quiet
    runs: int
    floors: list[float]  #: what pairs of runs said that they resolve
    of_layers: Coverage  #: of speedups over float32
    of_means: Coverage  #: of their geometric means over the layers
    same: Tally
    planted: dict[int, Tally]  #: by per cent of work added
    ratios: list[float]  #: FATNN to float32, the geometric mean over the layers in each of ten runs

    @property
    def spread(self) -> float:
        """By how much the largest of the ratios exceeds the smallest."""
        return max(self.ratios) / min(self.ratios) - 1


def judge(runs: Sequence[Run], busy: bool = False) -> Report:
    """Return what at least two runs of the trial's cases show."""
    comparisons = [compare.of(run, planted.FLOAT32) for run in runs]
    layers = [comparison.speedups() for comparison in comparisons]
    means = [comparison.totals() for comparison in comparisons]
    same = [_compared(one, two, 0) for one, two in pairwise(runs)]
    fatnn = pd.concat([table[table["kernel"] == planted.name(0)]["geometric_mean"] for table in means])
    return Report(
        created=runs[0].header.created,
        machine=machine_name(runs[0].header.machine),
        quiet=_quiet(runs, busy),
        runs=len(runs),
        floors=[float(table["floor"].iloc[0]) for table in same],
        of_layers=coverage(layers, ["layer", "kernel"], ("speedup", "low", "high")),
        of_means=coverage(means, ["kernel"], ("geometric_mean", "geometric_mean_low", "geometric_mean_high")),
        same=tally(same),
        planted={
            percent: tally(
                _compared(*pair, percent) for one, two in pairwise(runs) for pair in ((one, two), (two, one))
            )
            for percent in planted.SLOWDOWNS
        },
        ratios=fatnn.head(_SPREAD_OF).tolist(),
    )


def coverage(tables: Sequence[pd.DataFrame], keys: list[str], columns: tuple[str, str, str]) -> Coverage:
    """Count how often the interval in one table holds the geometric mean of the value in all others.

    Parameters
    ----------
    tables
        One a run: a row a ratio.
    keys
        The columns that say which ratio.
    columns
        Those of the value and of the ends of its interval.
    """
    value, low, high = columns
    table = pd.concat([each[each["kernel"] != planted.FLOAT32] for each in tables]).dropna(subset=list(columns))
    logs = np.log(table[value])
    ratio = logs.groupby([table[key] for key in keys])
    others = (ratio.transform("sum") - logs) / (ratio.transform("count") - 1)
    held = (np.log(table[low]) <= others) & (others <= np.log(table[high]))
    known = others.notna()
    half_width = float(np.log((table[high] / table[low]).median()) / 2)
    return Coverage(int(known.sum()), int(held[known].sum()), half_width)


def tally(tables: Iterable[pd.DataFrame]) -> Tally:
    """Count the verdicts in tables of :func:`fatnn_bench.comparison.compare_runs.ratios`."""
    table = pd.concat(list(tables))
    slower, faster = table["verdict"] == Verdict.SLOWER, table["verdict"] == Verdict.FASTER
    resolved = table["floor"] <= MIN_EFFECT
    return Tally(
        comparisons=len(table),
        different=int((slower | faster).sum()),
        slower=int(slower.sum()),
        unclear=int((table["verdict"] == Verdict.UNCLEAR).sum()),
        resolved=int(resolved.sum()),
        slower_resolved=int((slower & resolved).sum()),
    )


def _compared(before: Run, after: Run, percent: int) -> pd.DataFrame:
    """FATNN in one run, and with so much more work in another, as ``fatnn-bench compare`` has it."""
    return compare_runs.ratios([_as_honest(before, 0), _as_honest(after, percent)])


def _as_honest(run: Run, percent: int) -> Run:
    """The rows of the kernel with so much more work, under the name of the one with none."""
    name, honest = planted.name(percent), planted.name(0)
    rows = [
        replace(row, case=row.case.replace(name, honest, 1), kernel=honest) for row in run.rows if row.kernel == name
    ]
    return replace(run, rows=tuple(rows))


def _quiet(runs: Sequence[Run], busy: bool) -> Quiet:
    times = [row for run in runs for row in run.rows if row.timed]
    doubts = Counter(_kind(row.reason) for row in times if row.status is Status.MISTRUSTED)
    reason = doubts.most_common(1)[0][0] if doubts else ""
    load = runs[0].header.machine.get("load_average")
    return Quiet(load, busy, sum(doubts.values()) / len(times), reason)


def _kind(reason: str) -> str:
    """The first doubt of a reason, without its figures."""
    doubt = reason.split(";")[0].partition(" processes: ")
    return (doubt[2] or doubt[0]).partition(" in ")[0].rstrip(",")
