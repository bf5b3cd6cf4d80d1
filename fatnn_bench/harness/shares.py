"""What several processes measured of the cases of a block, put together: a row a case.

The time of a row is the geometric mean over processes of the median of each; its interval is of what differs between
processes (:mod:`fatnn_bench.statistics.between`), of which all cases of the block tell.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from fatnn_bench.records import repeats
from fatnn_bench.records.repeats import Repeats
from fatnn_bench.records.run import Noise, Row, Status, Stop
from fatnn_bench.statistics import between

__all__ = ["Said", "together"]

#: What processes said of a case, each under its number; those that were not asked are left out.
Said = Mapping[int, Row]


def together(said: Iterable[Said], noise: Sequence[Noise], processes: int) -> Iterator[Row | Noise]:
    """Yield the row of each case, and the noise of the block where there is any.

    Parameters
    ----------
    said
        Of each case: the first process was asked of all.
    noise
        What each process said of the noise of its share.
    processes
        How many there are.
    """
    rows = [_row(each, processes) for each in said]
    known = repeats.found(rows, noise)
    for row in rows:
        yield _with_interval(row, known) if row.timed else row
    if noise:
        yield Noise(
            block=noise[0].block,
            floor=repeats.floor(known),
            pairs=[pair for record in noise for pair in record.pairs],
            canary_s=[canary_s for record in noise for canary_s in record.canary_s],
            steal_s=sum(record.steal_s or 0.0 for record in noise),
            frequency_hz=[frequency_hz for record in noise for frequency_hz in record.frequency_hz],
        )


def _row(said: Said, processes: int) -> Row:
    """The row of a case: the first process decides whether it can be timed, and any of them whether it is right."""
    if not said[0].timed:
        return said[0]
    for process, row in said.items():
        if row.status is Status.FAILED:
            return replace(row, reason=f"in process {process + 1} of {processes}: {row.reason}")
    timed = {process: row for process, row in said.items() if row.timed}
    reason = "; ".join(_doubts(said, timed, processes))
    return replace(_measured(timed, processes), status=Status.MISTRUSTED if reason else Status.PASSED, reason=reason)


def _doubts(said: Said, timed: Said, processes: int) -> Iterator[str]:
    """Why a case is to be mistrusted: most of its processes are, or one was lost."""
    reasons = [row.reason for row in timed.values() if row.status is Status.MISTRUSTED]
    if 2 * len(reasons) > len(timed):
        yield f"in {len(reasons)} of {processes} processes: {reasons[0]}"
    for process, row in said.items():
        if process not in timed:
            yield f"nothing of process {process + 1} of {processes}: {row.reason}"


def _measured(timed: Said, processes: int) -> Row:
    """All samples in one row, without an interval yet; what has no mean is that of the first process."""
    rows = list(timed.values())
    first = rows[0]
    median_s = _geometric_mean([row.median_s for row in rows])
    assert median_s is not None
    begins = accumulate((len(row.samples_s) for row in rows), initial=0)
    stages = first.stages_s or {}
    return replace(
        first,
        median_s=median_s,
        min_s=min(row.min_s for row in rows if row.min_s is not None),
        samples_s=[sample for row in rows for sample in row.samples_s],
        processes=[len(timed[i].samples_s) if i in timed else 0 for i in range(processes)],
        touched=[begin + i for begin, row in zip(begins, rows, strict=False) for i in row.touched],
        stopped=Stop.BUDGET if any(row.stopped is Stop.BUDGET for row in rows) else first.stopped,
        gmacs_per_s=first.macs / median_s * 1e-9,
        peak_gmacs_per_s=_geometric_mean([row.peak_gmacs_per_s for row in rows]),
        peak_gbytes_per_s=_geometric_mean([row.peak_gbytes_per_s for row in rows]),
        peak_fraction=_geometric_mean([row.peak_fraction for row in rows]),
        stages_s={name: sum((row.stages_s or {}).get(name, 0.0) for row in rows) / len(rows) for name in stages}
        or None,
    )


def _with_interval(row: Row, known: Repeats) -> Row:
    assert row.median_s is not None
    half = between.half_width(repeats.alone([row], known.alone)[0])
    return replace(row, ci_low_s=row.median_s * math.exp(-half), ci_high_s=row.median_s * math.exp(half))


def _geometric_mean(values: Sequence[float | None]) -> float | None:
    """Of those that are known: a limit may be near in some processes, and too far to be sampled in others."""
    known = [math.log(value) for value in values if value is not None]
    return math.exp(sum(known) / len(known)) if known else None
