"""What the tables say: columns, rows and footnotes, as text. :mod:`fatnn_bench.printing.render` writes them."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from fatnn_bench.comparison import compare, compare_runs, ways
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.comparison.verdict import MIN_EFFECT, Verdict
from fatnn_bench.document import NOTHING, Document, Sheet, number
from fatnn_bench.printing import footnotes
from fatnn_bench.records import provenance, repeats
from fatnn_bench.records.identity import layer_names
from fatnn_bench.records.run import Bound, Row, Run

__all__ = ["rows_document", "runs_document", "speedups_document"]

#: Of more runs than this, a table has a line a run, and no column.
MOST_RUNS = 8
#: Marks a speedup that no one can tell from 1, and the line that says so.
NO_DIFFERENCE = "≈"


def speedups_document(
    run: Run, baseline: str | None = None, min_effect: float = MIN_EFFECT, all_ways: bool = False
) -> Document:
    """Return the speedups of layers, a sheet a network; errors are those of :func:`compare.speedups`.

    There is a column a precision, its best way in this run; with ``all_ways`` a column a kernel.
    """
    speedups, totals = compare.speedups(run, baseline, min_effect), compare.totals(run, baseline)
    least = max(min_effect, repeats.floor(repeats.of(run)) or 0.0)
    of_network = dict(list(totals.groupby(_network_key(totals), sort=False)))
    sheets = [
        _speedups_sheet(layers, of_network[key], baseline, least, all_ways)
        for key, layers in speedups.groupby(_network_key(speedups), sort=False)
    ]
    data = {
        "run": provenance.origin(run),
        "least_effect": least,
        "layers": speedups,
        "totals": totals,
    }
    return Document(tuple(sheets), speedups, data)


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


def _network_key(table: pd.DataFrame) -> pd.Series:
    """What one sheet is about: rows of equal key are compared with each other."""
    rows = table[["platform", "network", "scope", "threads"]].itertuples(index=False, name=None)
    return pd.Series(["/".join(map(str, row)) for row in rows], index=table.index)


def _speedups_sheet(
    layers: pd.DataFrame, totals: pd.DataFrame, baseline: str | None, least: float, all_ways: bool
) -> Sheet:
    first = layers.iloc[0]
    single = compare.single_baseline(layers)
    columns = ways.by_kernel(totals, single) if all_ways else ways.by_precision(totals, single, baseline)
    kernels = [column.kernel for column in columns]
    rows = [_layer_cells(rows, kernels) for rows in _grouped(layers, ["layer"])]
    network = first["network"] if isinstance(first["network"], str) else "GEMM"
    platform = [first["platform"]] if isinstance(first["platform"], str) else []
    words = [
        network,
        *platform,
        provenance.place(first["scope"], first["threads"]),
        f"× over {compare.baseline_words(single, baseline)}",
    ]
    return Sheet(
        title=" · ".join(words),
        columns=("layer", "M×N×K", f"{single or 'best float32'} ms", *(column.heading for column in columns)),
        rows=tuple(rows),
        closing=tuple(_closing(totals.set_index("kernel"), kernels)),
        notes=(*_ways(columns), *_layer_notes(layers, totals, kernels, least)),
        keys=2,
    )


def _layer_cells(rows: list[dict[str, Any]], kernels: list[str]) -> tuple[str, ...]:
    first = rows[0]
    count = f" ×{first['count']}" if first["count"] > 1 else ""
    size = "×".join(str(first[name]) for name in "mnk")
    cells = {row["kernel"]: _speedup_cell(row) for row in rows}
    return (
        f"{first['layer']}{count}",
        size,
        _milliseconds(first["baseline_s"]),
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
        cells = [_number_or_dash(totals.loc[kernel, "speedup"]) for kernel in kernels]
        yield "total", "Σ count×time", _milliseconds(whole.iloc[0]), *cells
    yield "geom. mean", "", "", *(_number_or_dash(totals.loc[kernel, "geometric_mean"]) for kernel in kernels)


def _ways(columns: Sequence[ways.Column]) -> Iterator[str]:
    """Which kernel stands for a precision, and what the others of it gain."""
    for column in columns:
        if column.heading != column.kernel or column.others:
            others = ", ".join(f"{name} {number(gain.speedup)}×" if gain else name for name, gain in column.others)
            yield f"{column.heading}: {column.kernel}" + (f", the fastest here; {others}" if others else "")
    if any(column.others for column in columns):
        yield "--ways has a column for each"


def _layer_notes(layers: pd.DataFrame, totals: pd.DataFrame, shown: Sequence[str], least: float) -> Iterator[str]:
    yield from footnotes.by_kernel(
        (row["kernel"], row["status"], row["reason"], row["layer"]) for row in _dicts(layers)
    )
    if any(NO_DIFFERENCE in _speedup_cell(row) for row in _dicts(layers[layers["kernel"].isin(shown)])):
        yield f"{NO_DIFFERENCE} no difference, or none that is sure; less than {least:.1%} does not count"
    no_baseline = layers.loc[layers["median_s"].notna() & layers["speedup"].isna(), "layer"]
    if len(no_baseline):
        yield f"No speedup on {', '.join(dict.fromkeys(no_baseline))}: no baseline was timed there"
    partial = totals[totals["left_out"].map(len) > 0]
    for left_out, group in partial.groupby(partial["left_out"].map(", ".join), sort=False):
        kept, missing = group["layers"].iloc[0], len(group["left_out"].iloc[0])
        mean = f"no total, and a mean over {kept} of {kept + missing} layers" if kept else "no total and no mean"
        yield f"{', '.join(group['kernel'])}: {mean}; left out: {left_out}"
    totals = totals[totals["kernel"].isin(shown)]
    means = totals[totals["geometric_mean"].notna() & (totals["geometric_mean_low"] < totals["geometric_mean_high"])]
    if len(means):
        yield "Geometric means with 95% intervals: " + ", ".join(
            f"{row['kernel']} {Gain(*(row[f'geometric_mean{end}'] for end in ('', '_low', '_high')))}"
            for row in _dicts(means)
        )


def _ratios_sheet(ratios: pd.DataFrame, means: pd.DataFrame) -> Sheet:
    runs, base = list(means["run"]), means["baseline"].iloc[0]
    rows = [_ratio_cells(group, runs) for group in _grouped(ratios, list(compare_runs.KEY))]
    gains = [str(_gain(row)) for row in _dicts(means)]
    return Sheet(
        title=f"× over {base}, the first run: above 1 is faster",
        columns=("case", f"{base} ms", *runs),
        rows=tuple(rows),
        closing=(("geom. mean", "", *gains),),
        notes=tuple(_ratio_notes(ratios, means)),
    )


def _ratio_cells(rows: list[dict[str, Any]], runs: list[str]) -> tuple[str, ...]:
    first, cells = rows[0], {row["run"]: _ratio_cell(row) for row in rows}
    time = _milliseconds(first["baseline_s"]) if pd.notna(first["baseline_s"]) else first["baseline_status"]
    return compare_runs.named(first), time, *(cells.get(run, compare_runs.ABSENT) for run in runs)


def _summary_sheet(ratios: pd.DataFrame, means: pd.DataFrame) -> Sheet:
    """A line a run: its mean, and how many cases have each verdict."""
    base = means["baseline"].iloc[0]
    counts = ratios.groupby(["run", "verdict"], sort=False).size().to_dict()
    rows = [
        (row["run"], str(_gain(row)), *(str(counts.get((row["run"], word), 0)) for word in Verdict), str(row["cases"]))
        for row in _dicts(means)
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
        faults = ((compare_runs.named(row), row[f"{prefix}status"], row[f"{prefix}reason"]) for row in _dicts(rows))
        for note in footnotes.by_case(faults):
            runs.setdefault(note, []).append(run)
    yield from (f"{', '.join(names)}: {note}" for note, names in runs.items())
    for run, group in ratios.groupby("run", sort=False):
        counts = group["verdict"].value_counts()
        told = ", ".join(f"{counts[word]} {word}" for word in Verdict if word in counts)
        yield f"{run!s}: {told or 'nothing to compare'}; less than {group['least_effect'].iloc[0]:.1%} does not count"
    for row in _dicts(means[means["left_out"] > 0]):
        total = row["cases"] + row["left_out"]
        reshaped = ((ratios["run"] == row["run"]) & (ratios["status"] == compare_runs.OTHER_SHAPE)).any()
        shapes = ", or are of another shape" if reshaped else ""
        yield f"{row['run']}: the mean is over {row['cases']} of {total} cases; the others lack a time{shapes}"


def _row_cells(row: Row, where: str) -> tuple[str, ...]:
    half = None
    if row.median_s and row.ci_low_s is not None and row.ci_high_s is not None:
        half = (row.ci_high_s - row.ci_low_s) / 2 / row.median_s
    spread = NOTHING if half is None else f"{half:.1%}"
    rates = _number_or_dash(row.gmacs_per_s), _number_or_dash(row.gbytes_per_s)
    return where, row.kernel, _milliseconds(row.median_s), spread, *rates, _share_of_limit(row), row.status.value


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


def _milliseconds(seconds: Any) -> str:
    if pd.isna(seconds):
        return NOTHING
    return f"{seconds * 1e3:#.3g}".rstrip(".") if seconds < 0.9995 else f"{seconds * 1e3:.0f}"


def _number_or_dash(value: Any) -> str:
    return NOTHING if pd.isna(value) else number(value)


def _grouped(table: pd.DataFrame, names: list[str]) -> list[list[dict[str, Any]]]:
    """The rows that are equal in what is named, in the order of the first of each: a frame a group takes minutes."""
    groups: dict[int, list[dict[str, Any]]] = {}
    places = table.groupby(names, sort=False, dropna=False).ngroup()
    for place, row in zip(places, _dicts(table), strict=True):
        groups.setdefault(place, []).append(row)
    return list(groups.values())


def _dicts(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain values: as ``to_dict``, which reads texts out of a column one by one."""
    columns = [table[name].to_numpy(object).tolist() for name in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]
