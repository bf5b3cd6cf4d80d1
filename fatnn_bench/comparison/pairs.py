"""Each row of a run beside the row that it is measured against."""

from collections.abc import Mapping
from typing import NamedTuple

from fatnn_bench.comparison import baselines, gain
from fatnn_bench.comparison.kernels import kernels_of_rows, names
from fatnn_bench.comparison.places import Place
from fatnn_bench.errors import NothingComparableError, UserError
from fatnn_bench.records.run import Row, Run

__all__ = ["Pair", "of"]


class Pair(NamedTuple):
    """A row and the row it is measured against; None where no baseline was timed at that place."""

    place: Place
    row: Row
    baseline: Row | None
    match: gain.Match | None  #: the two of them, where both are timed


def of(run: Run, rows_at: Mapping[Place, Mapping[str, Row]], baseline: str | None, known: gain.Known) -> list[Pair]:
    """Return every row of the run with its baseline, place by place.

    Parameters
    ----------
    run : Run
    rows_at
        Its rows at each place, by kernel.
    baseline : str, optional
        The kernel to measure against; by default the fastest float32 kernel of each layer.
    known
        What the repeats of the run tell.

    Raises
    ------
    UserError
        If the run has no kernel named ``baseline``.
    NothingComparableError
        If no kernel was timed at the same place as a baseline.
    """
    kernels = names(kernels_of_rows(run.rows))
    if baseline is not None and baseline not in kernels:
        there = ", ".join(kernels) or "none"
        raise UserError(f"{_name(run)} has no kernel {baseline!r} to be the baseline; its kernels are {there}")
    found = baselines.of(rows_at, baseline, known)
    pairs = [_pair(place, row, found[place]) for place, rows in rows_at.items() for row in rows.values()]
    if not any(pair.match and pair.row is not pair.baseline for pair in pairs):
        raise NothingComparableError(_nothing(run, baseline))
    return pairs


def _pair(place: Place, row: Row, base: Row | None) -> Pair:
    return Pair(place, row, base, (row, base) if row.timed and base else None)


def _nothing(run: Run, baseline: str | None) -> str:
    timed = names(kernels_of_rows(row for row in run.rows if row.timed))
    if not timed:
        return (
            f"{_name(run)} holds no time in its {len(run.rows)} rows, so there is nothing to compare; "
            "`fatnn-bench show` prints why"
        )
    against = baseline or "a float32 kernel"
    return (
        f"{_name(run)} holds nothing to compare: no layer has a time for {against} and for another kernel; "
        f"timed were {', '.join(timed)}; choose one of them with --baseline, or run the missing kernels as well"
    )


def _name(run: Run) -> str:
    return run.source or "the run"
