"""Bars of speedup over float32: a group a platform, a bar a precision; what is modelled or imported is hatched."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from fatnn_bench.comparison import ranking, ways
from fatnn_bench.comparison.kernels import kernels_of_rows, kernels_of_table
from fatnn_bench.document import number
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.figures import Options, caption, legend, style
from fatnn_bench.figures.style import INK, MUTED, Look, looks, speedup_axes, width_in
from fatnn_bench.printing.footnotes import DOUBT
from fatnn_bench.records import provenance
from fatnn_bench.records.identity import shape_key
from fatnn_bench.records.run import Row, Run, Status
from fatnn_bench.workload import precisions

__all__ = ["figure", "table"]

#: How a number was come by, by the status of its rows. The two kinds never share a bar.
_ORIGINS = {
    Status.PASSED: "measured",
    Status.MISTRUSTED: "measured",
    Status.MODELLED: "modelled",
    Status.IMPORTED: "imported",
}
_HATCHES = {"measured": "", "modelled": "////", "imported": "----"}
#: The columns that tell bars apart which belong together.
_GROUP = ["platform", "origin", "scope", "threads"]
#: Behind the name of a platform that was not measured.
_MARKS = {"measured": "", "modelled": " (modelled)", "imported": " (imported)"}
LINE_IN, MARGIN_IN = 2.4, 1.3
PLATFORM_IN = 1.1  #: room that a platform has at least, in inches
FEWEST_PLATFORMS = 4  #: that a line keeps room for, lest one platform's bars fill it
_CHARACTERS_AN_INCH = 14  #: of its name
GROUP, HEADROOM = 0.86, 0.22


def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    """Return the table of :func:`table`, and the figure."""
    speedups = table(runs, options.baseline)
    if not options.ways:
        speedups = ways.best(speedups, options.baseline, _GROUP)
    return speedups, _draw(speedups, runs, options.baseline)


def table(runs: Sequence[Run], baseline: str | None = None) -> pd.DataFrame:
    """Return the speedup of every kernel on every platform: the geometric mean over the layers that have both times.

    Parameters
    ----------
    runs
        Of any platforms; a row's own platform goes before that of its header, and a later row before an earlier one.
    baseline
        The kernel to measure against; by default the fastest float32 of each layer, on the same platform and threads,
        and come by in the same way: what is modelled is compared with what is modelled.

    Returns
    -------
    DataFrame
        ``platform, origin, scope, threads, kernel, precision, way, rank, layers, speedup, mistrusted``.

    Raises
    ------
    NothingComparableError
        No kernel has a time beside a baseline's.
    """
    groups: dict[tuple[str, str, str, int], dict[Any, dict[str, Row]]] = {}
    for row, platform in _timed(runs):
        group = groups.setdefault((platform, _ORIGINS[row.status], row.scope, row.threads), {})
        group.setdefault((row.layer, shape_key(row.shape)), {})[row.kernel] = row
    records = [
        dict(zip(_GROUP, group, strict=True)) | record
        for group, layers in groups.items()
        for record in _records(layers, baseline)
    ]
    if not any(record["layers"] for record in records):
        raise NothingComparableError(
            f"no platform has a time for {baseline or 'a float32 kernel'} and for another kernel on one layer; "
            "run both on the same platform"
        )
    return pd.DataFrame(records)


def _timed(runs: Sequence[Run]) -> Iterator[tuple[Row, str]]:
    for run in runs:
        for row in run.rows:
            if row.median_s is not None and row.status in _ORIGINS:
                yield row, row.platform or run.header.platform


def _records(layers: dict[Any, dict[str, Row]], baseline: str | None) -> Iterator[dict[str, Any]]:
    pairs: dict[str, list[tuple[Row, Row]]] = {}
    for rows in layers.values():
        wanted = [row for row in rows.values() if row.kernel == baseline] if baseline else _float32(rows.values())
        if base := min(wanted, key=lambda row: row.median_s or 0.0, default=None):
            for row in rows.values():
                if row is not base:
                    pairs.setdefault(row.kernel, []).append((row, base))
    alike = ranking.ranked(list(layers.values()), is_timed=lambda row: True).values()
    ranks = {kernel: rank for kernels in alike for rank, kernel in enumerate(kernels, start=1)}
    for kernel in kernels_of_rows(row for matches in pairs.values() for row, _ in matches):
        ratios = [(base.median_s or 0.0) / (row.median_s or 1.0) for row, base in pairs[kernel.name]]
        yield {
            "kernel": kernel.name,
            "precision": kernel.precision,
            "way": kernel.way,
            "rank": ranks.get(kernel.name, 1),
            "layers": len(ratios),
            "speedup": statistics.geometric_mean(ratios),
            "mistrusted": any(Status.MISTRUSTED in (row.status, base.status) for row, base in pairs[kernel.name]),
        }


def _float32(rows: Any) -> list[Row]:
    return [row for row in rows if precisions.of(row) == precisions.FLOAT32]


def _draw(speedups: pd.DataFrame, runs: Sequence[Run], baseline: str | None) -> Figure:
    groups = [group for _, group in speedups.groupby(_GROUP, sort=False)]
    a_line = max(1, int(width_in() / PLATFORM_IN))
    lines = -(-len(groups) // a_line)
    room = -(-len(groups) // lines)
    places = max(room, min(FEWEST_PLATFORMS, a_line))
    kernels = looks(kernels_of_table(speedups))
    figure = Figure(figsize=(width_in(), LINE_IN * lines + style.margin_in(MARGIN_IN)), layout="constrained")
    top = max(1.0, float(speedups["speedup"].max())) * (1 + HEADROOM)
    for i, ax in enumerate(figure.subplots(lines, 1, squeeze=False)[:, 0]):
        _draw_line(ax, groups[i * room : (i + 1) * room], kernels, places, top)
    _legend(figure, kernels, set(speedups["origin"]), baseline)
    _caption(figure, speedups, runs)
    return figure


def _draw_line(ax: Axes, groups: Sequence[pd.DataFrame], kernels: Mapping[str, Look], room: int, top: float) -> None:
    width = GROUP / len(kernels)
    for x, group in enumerate(groups):
        here = [kernel for kernel in kernels if kernel in set(group["kernel"])]
        rows = {row["kernel"]: row for row in group.to_dict(orient="records")}
        first = x - width * (len(here) - 1) / 2
        for i, kernel in enumerate(here):
            _bar(ax, first + i * width, width, kernels[kernel].colour, rows[kernel])
    ax.set_xlim(-0.5, room - 0.5)
    ax.set_ylim(0, top)
    ax.set_xticks(range(len(groups)), [_title(group.iloc[0]) for group in groups])
    speedup_axes(ax)


def _bar(ax: Axes, x: float, width: float, colour: str, row: dict[Any, Any]) -> None:
    """One kernel on one platform, of its colour alone: hatches tell here what was not measured."""
    hatch = _HATCHES[row["origin"]]
    face, edge = ("white", colour) if hatch else (colour, "white")
    ax.bar(
        x, row["speedup"], width * 0.9, color=face, edgecolor=edge, hatch=hatch, linewidth=1 if hatch else 0, zorder=2
    )
    above = max(row["speedup"], 1.0)
    ax.annotate(
        number(row["speedup"]) + (DOUBT if row["mistrusted"] else ""),
        (x, above),
        (0, 2.5),
        textcoords="offset points",
        rotation=90,
        ha="center",
        va="bottom",
        fontsize=6,
    )


def _title(row: pd.Series) -> str:
    threads = "" if row["threads"] == 1 else f"{row['threads']} threads"
    name = style.broken(row["platform"], int(PLATFORM_IN * _CHARACTERS_AN_INCH))
    return "\n".join(filter(None, (name, _MARKS[row["origin"]].strip(), threads)))


def _legend(figure: Figure, kernels: Mapping[str, Look], origins: set[str], baseline: str | None) -> None:
    handles: list[Patch | Line2D] = [Patch(facecolor=look.colour) for look in kernels.values()]
    labels = list(kernels)
    for origin, hatch in _HATCHES.items():
        if hatch and origin in origins:
            handles.append(Patch(facecolor="white", edgecolor=MUTED, hatch=hatch))
            labels.append(f"hatched: {origin}")
    handles.append(Line2D([], [], color=INK, linewidth=0.7))
    labels.append(f"1× = {baseline or 'fastest float32'}")
    legend.write(figure, handles, labels, f"Speedup over {baseline or 'float32 by platform'}")


def _caption(figure: Figure, speedups: pd.DataFrame, runs: Sequence[Run]) -> None:
    machines = dict.fromkeys(
        style.shown(provenance.machine_name(machine), 120)
        for run in runs
        for machine in ([each["machine"] for each in run.header.platforms.values()] or [run.header.machine])
    )
    scopes = ", ".join(f"{scope} scope" for scope in dict.fromkeys(speedups["scope"]))
    doubt = f" {DOUBT} mistrusted." if speedups["mistrusted"].any() else ""
    text = f"{'; '.join(machines)} · {scopes} · {runs[0].header.created}. Bars: geometric mean over the layers.{doubt}"
    caption.note(figure, text)
