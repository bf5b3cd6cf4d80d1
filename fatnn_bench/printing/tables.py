"""The tables of rows as they were saved, and of several runs. :mod:`fatnn_bench.printing.render` writes them."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from fatnn_bench.comparison import compare_runs
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.comparison.verdict import MIN_EFFECT, Verdict
from fatnn_bench.document import NOTHING, Document, Sheet
from fatnn_bench.printing import footnotes
from fatnn_bench.printing.cells import dicts, grouped, milliseconds, number_or_dash
from fatnn_bench.records import provenance
from fatnn_bench.records.identity import layer_names
from fatnn_bench.records.run import Bound, Row, Run

__all__ = ["rows_document", "runs_document"]

#: Of more runs than this, a table has a line a run, and no column.
MOST_RUNS = 8


def runs_document(runs: Sequence[Run], min_effect: float = MIN_EFFECT) -> Document:
    """Return the speedups of runs over the first, by case; ``long`` is the table of :func:`compare_runs.ratios`.

    Errors are those of that function.
    """
    ratios, means, labels = compare_runs.ratios(runs, min_effect), compare_runs.means(runs), compare_runs.labels(runs)
    origins = [{"label": label, **provenance.origin(run)} for label, run in zip(labels, runs, strict=True)]
    heading = [(label, provenance.line(run)) for label, run in zip(labels, runs, strict=True)]
    if differences := compare_runs.differing_machines(runs):
        heading.append(("machines differ", differences))
    data = {"runs": origins, "cases": ratios, "means": means}
    sheet = _ratios_sheet(ratios, means) if len(runs) <= MOST_RUNS else _summary_sheet(ratios, means)
    return Document((sheet,), ratios, data, tuple(heading))


def rows_document(run: Run) -> Document:
    """Return a run as it was saved: its header, and a line a case."""
    several = len({(row.scope, row.threads, row.platform) for row in run.rows}) > 1
    where = [_where(row, layer, several) for row, layer in zip(run.rows, layer_names(run.rows), strict=True)]
    rows = tuple(_row_cells(*each) for each in zip(run.rows, where, strict=True))
    columns = ("layer", "kernel", "ms", "±", "GMAC/s", "GB/s", "limit", "status")
    faults = [(row.kernel, row.status.value, row.reason, at) for row, at in zip(run.rows, where, strict=True)]
    limits = {row.limit for row in run.rows}
    notes = (
        *footnotes.by_kernel(faults),
        "±: half the 95% interval of the time; limit: share of what the machine can do",
        *(["read: of what it can read, which is the nearer limit there"] if Bound.BANDWIDTH in limits else []),
    )
    places = [] if several or not run.rows else [provenance.place(run.rows[0].scope, run.rows[0].threads)]
    sheet = Sheet(" · ".join([f"{len(rows)} cases", *places]), columns, rows, notes=notes, keys=2)
    records = [row.to_json() for row in run.rows]
    data = {"header": run.header.to_json(), "rows": records}
    return Document((sheet,), run.frame(), data, provenance.heading(run))


def _ratios_sheet(ratios: pd.DataFrame, means: pd.DataFrame) -> Sheet:
    runs, base = list(means["run"]), means["baseline"].iloc[0]
    rows = [_ratio_cells(group, runs) for group in grouped(dicts(ratios), *compare_runs.KEY)]
    gains = [str(_gain(row)) for row in dicts(means)]
    return Sheet(
        title=f"× over {base}, the first run: above 1 is faster",
        columns=("case", f"{base} ms", *runs),
        rows=tuple(rows),
        closing=(("geom. mean", "", *gains),),
        notes=tuple(_ratio_notes(ratios, means)),
    )


def _ratio_cells(rows: list[dict[str, Any]], runs: list[str]) -> tuple[str, ...]:
    first, cells = rows[0], {row["run"]: _ratio_cell(row) for row in rows}
    time = milliseconds(first["baseline_s"]) if pd.notna(first["baseline_s"]) else first["baseline_status"]
    return compare_runs.named(first), time, *(cells.get(run, compare_runs.ABSENT) for run in runs)


def _summary_sheet(ratios: pd.DataFrame, means: pd.DataFrame) -> Sheet:
    """A line a run: its mean, and how many cases have each verdict."""
    base = means["baseline"].iloc[0]
    counts = ratios.groupby(["run", "verdict"], sort=False).size().to_dict()
    rows = [
        (row["run"], str(_gain(row)), *(str(counts.get((row["run"], word), 0)) for word in Verdict), str(row["cases"]))
        for row in dicts(means)
    ]
    return Sheet(
        title=f"× over {base}, the first of {len(rows) + 1} runs: above 1 is faster",
        columns=("run", "geom. mean", *(word.value for word in Verdict), "cases"),
        rows=tuple(rows),
        notes=("--format csv has every case",),
    )


def _ratio_cell(row: dict[str, Any]) -> str:
    if pd.notna(row["speedup"]):
        return f"{row['verdict']} {_gain(row)}{footnotes.mark(row['status'], row['baseline_status'])}"
    return NOTHING if pd.notna(row["median_s"]) else str(row["status"])


def _gain(row: dict[str, Any]) -> Gain:
    return Gain(row["speedup"], row["low"], row["high"])


def _ratio_notes(ratios: pd.DataFrame, means: pd.DataFrame) -> Iterator[str]:
    first = ratios.drop_duplicates(list(compare_runs.KEY))
    sides = [(first["baseline"].iloc[0], first, "baseline_")]
    sides += [(str(run), group, "") for run, group in ratios.groupby("run", sort=False)]
    runs: dict[str, list[str]] = {}
    for run, rows, prefix in sides:
        faults = ((compare_runs.named(row), row[f"{prefix}status"], row[f"{prefix}reason"]) for row in dicts(rows))
        for note in footnotes.by_case(faults):
            runs.setdefault(note, []).append(run)
    yield from (f"{', '.join(names)}: {note}" for note, names in runs.items())
    for run, group in ratios.groupby("run", sort=False):
        counts = group["verdict"].value_counts()
        told = ", ".join(f"{counts[word]} {word}" for word in Verdict if word in counts)
        yield f"{run!s}: {told or 'nothing to compare'}; less than {group['least_effect'].iloc[0]:.1%} does not count"
    for row in dicts(means[means["left_out"] > 0]):
        total = row["cases"] + row["left_out"]
        reshaped = ((ratios["run"] == row["run"]) & (ratios["status"] == compare_runs.OTHER_SHAPE)).any()
        shapes = ", or are of another shape" if reshaped else ""
        yield f"{row['run']}: the mean is over {row['cases']} of {total} cases; the others lack a time{shapes}"


def _row_cells(row: Row, where: str) -> tuple[str, ...]:
    half = None
    if row.median_s and row.ci_low_s is not None and row.ci_high_s is not None:
        half = (row.ci_high_s - row.ci_low_s) / 2 / row.median_s
    spread = NOTHING if half is None else f"{half:.1%}"
    rates = number_or_dash(row.gmacs_per_s), number_or_dash(row.gbytes_per_s)
    time = milliseconds(row.median_s) + footnotes.mark(row.status)
    return where, row.kernel, time, spread, *rates, _share_of_limit(row), row.status.value


def _share_of_limit(row: Row) -> str:
    """The share of the limit, with a word where that is not the product's own instructions."""
    if row.peak_fraction is None:
        return NOTHING
    return f"{row.peak_fraction:.0%}{' read' if row.limit == Bound.BANDWIDTH else ''}"


def _where(row: Row, name: str, several: bool) -> str:
    """The layer; with scope, threads and platform where the run holds several."""
    layer = f"{row.network}.{name}" if row.network else name
    platform = f" {row.platform}" if row.platform else ""
    return f"{layer}/{row.scope}@{row.threads}{platform}" if several else layer
