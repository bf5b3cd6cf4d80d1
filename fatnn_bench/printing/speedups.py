"""The table of one run: a row a layer, a column a precision. :mod:`fatnn_bench.printing.render` writes it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd

from fatnn_bench.comparison import compare, ways
from fatnn_bench.comparison.compare import Comparison
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.comparison.places import Group
from fatnn_bench.comparison.verdict import MIN_EFFECT, Verdict
from fatnn_bench.document import NOTHING, Document, Sheet, number
from fatnn_bench.printing import footnotes
from fatnn_bench.printing.cells import dicts, grouped, milliseconds, number_or_dash
from fatnn_bench.records import provenance
from fatnn_bench.records.run import Run, Status

__all__ = ["document"]

#: Marks a speedup that no one can tell from 1, and the line that says so.
NO_DIFFERENCE = "≈"


class _Part(NamedTuple):
    """What one sheet is about: rows that are compared with each other."""

    layers: list[dict[str, Any]]  #: the rows of :meth:`Comparison.speedups`
    totals: pd.DataFrame  #: those of :meth:`Comparison.totals`
    exceptions: Sequence[ways.Exceptions]
    single: str | None  #: the kernel that all layers are measured against, if it is one


def document(run: Run, baseline: str | None = None, min_effect: float = MIN_EFFECT, all_ways: bool = False) -> Document:
    """Return the speedups of layers, a sheet a network; errors are those of :func:`compare.of`.

    There is a column a precision, its best way in this run; with ``all_ways`` a column a kernel.
    """
    comparison = compare.of(run, baseline)
    speedups, totals = comparison.speedups(min_effect), comparison.totals()
    least = max(min_effect, comparison.floor)
    sheets = [_sheet(part, baseline, least, all_ways) for part in _parts(comparison, speedups, totals)]
    data = {
        "run": provenance.origin(run),
        "least_effect": least,
        "layers": speedups,
        "totals": totals,
    }
    return Document(tuple(sheets), speedups, data)


def _parts(comparison: Comparison, speedups: pd.DataFrame, totals: pd.DataFrame) -> Iterator[_Part]:
    layers, networks = (
        (rows for _, rows in table.groupby(list(Group._fields), sort=False, dropna=False))
        for table in (speedups, totals)
    )
    exceptions = ways.exceptions(comparison)
    for group, rows, whole in zip(comparison.groups, layers, networks, strict=True):
        yield _Part(dicts(rows), whole, exceptions.get(group, []), compare.single_baseline(rows))


def _sheet(part: _Part, baseline: str | None, least: float, all_ways: bool) -> Sheet:
    first, single = part.layers[0], part.single
    if all_ways:
        columns = ways.by_kernel(part.totals, single)
    else:
        columns = _tried(ways.by_precision(part.totals, single, baseline), part.layers)
    kernels = [column.kernel for column in columns]
    words = [
        first["network"] if isinstance(first["network"], str) else "GEMM",
        *(name for name in [first["platform"]] if isinstance(name, str)),
        provenance.place(first["scope"], first["threads"]),
        f"× over {compare.baseline_words(single, baseline)}",
    ]
    return Sheet(
        title=" · ".join(words),
        columns=("layer", "M×N×K", f"{single or 'best float32'} ms", *(column.heading for column in columns)),
        rows=tuple(_layer_cells(rows, kernels) for rows in grouped(part.layers, "layer")),
        closing=tuple(_closing(part.totals.set_index("kernel"), kernels)),
        notes=(*_ways(columns, part.exceptions), *_notes(part, kernels, least)),
        keys=2,
    )


def _tried(columns: list[ways.Column], layers: list[dict[str, Any]]) -> list[ways.Column]:
    """The columns of precisions that were not skipped everywhere, if there are any: a note says what was, and why."""
    tried = {row["kernel"] for row in layers if row["status"] != Status.SKIPPED}
    found = [column for column in columns if tried & {column.kernel, *(name for name, _ in column.others)}]
    return found or columns


def _layer_cells(rows: list[dict[str, Any]], kernels: list[str]) -> tuple[str, ...]:
    first = rows[0]
    count = f" ×{first['count']}" if first["count"] > 1 else ""
    size = "×".join(str(first[name]) for name in "mnk")
    cells = {row["kernel"]: _speedup_cell(row) for row in rows}
    return (
        f"{first['layer']}{count}",
        size,
        milliseconds(first["baseline_s"]),
        *(cells.get(kernel, NOTHING) for kernel in kernels),
    )


def _speedup_cell(row: dict[str, Any]) -> str:
    """The speedup where there is one; else the status, or a dash if what is missing is the baseline."""
    if pd.isna(row["speedup"]):
        return NOTHING if pd.notna(row["median_s"]) else str(row["status"])
    doubt = footnotes.mark(row["status"], row["baseline_status"])
    return number(row["speedup"]) + (doubt or NO_DIFFERENCE * _no_difference(row))


def _no_difference(row: dict[str, Any]) -> bool:
    """Whether a measured kernel cannot be told from its baseline, and is not that itself."""
    return row["verdict"] in (Verdict.SAME, Verdict.UNCLEAR) and row["kernel"] != row["baseline"]


def _closing(totals: pd.DataFrame, kernels: list[str]) -> Iterator[tuple[str, ...]]:
    whole = totals["baseline_total_s"].dropna()
    if len(whole):
        cells = [number_or_dash(totals.loc[kernel, "speedup"]) for kernel in kernels]
        yield "total", "Σ count×time", milliseconds(whole.iloc[0]), *cells
    yield "geom. mean", "", "", *(number_or_dash(totals.loc[kernel, "geometric_mean"]) for kernel in kernels)


def _ways(columns: Sequence[ways.Column], exceptions: Sequence[ways.Exceptions]) -> Iterator[str]:
    """Which kernel stands for a precision, what the others of it gain, and where one of them would be the better."""
    for column in columns:
        if column.heading != column.kernel or column.others:
            others = ", ".join(f"{name} {number(gain.speedup)}×" if gain else name for name, gain in column.others)
            yield f"{column.heading}: {column.kernel}" + (f", the fastest here; {others}" if others else "")
            yield from (
                f"{column.heading}, but not on every layer: {each}" for each in exceptions if each.best == column.kernel
            )
    if any(column.others for column in columns):
        yield "--ways has a column for each"


def _notes(part: _Part, shown: Sequence[str], least: float) -> Iterator[str]:
    rows = part.layers
    yield from footnotes.by_kernel((row["kernel"], row["status"], row["reason"], row["layer"]) for row in rows)
    if any(row["kernel"] in shown and NO_DIFFERENCE in _speedup_cell(row) for row in rows):
        yield f"{NO_DIFFERENCE} no difference, or none that is sure; less than {least:.1%} does not count"
    no_baseline = [row["layer"] for row in rows if pd.notna(row["median_s"]) and pd.isna(row["speedup"])]
    if no_baseline:
        yield f"No speedup on {', '.join(dict.fromkeys(no_baseline))}: no baseline was timed there"
    yield from _partial(part.totals)
    means = [
        row
        for row in dicts(part.totals)
        if row["kernel"] in shown and row["geometric_mean_low"] < row["geometric_mean_high"]
    ]
    if means:
        yield "Geometric means with 95% intervals: " + ", ".join(
            f"{row['kernel']} {Gain(*(row[f'geometric_mean{end}'] for end in ('', '_low', '_high')))}" for row in means
        )


def _partial(totals: pd.DataFrame) -> Iterator[str]:
    """Which kernels have no total, as some layers lack a time."""
    partial = totals[totals["left_out"].map(len) > 0]
    for left_out, group in partial.groupby(partial["left_out"].map(", ".join), sort=False):
        kept, missing = group["layers"].iloc[0], len(group["left_out"].iloc[0])
        mean = f"no total, and a mean over {kept} of {kept + missing} layers" if kept else "no total and no mean"
        yield f"{', '.join(group['kernel'])}: {mean}; left out: {left_out}"
