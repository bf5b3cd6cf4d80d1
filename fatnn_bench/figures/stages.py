"""Where the time of a layer goes: a panel a layer, a bar a kernel, a piece of it a stage.

Stages are timed alone. Where together they take less than the whole, the difference is the *rest*; where they take
more, it is what is saved by running them together, *fusion/overlap*.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from fatnn_bench.comparison import ranking
from fatnn_bench.comparison.kernels import Kernel, kernels_of_rows, kernels_of_table, names
from fatnn_bench.document import number
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.figures import Options, caption, legend
from fatnn_bench.figures.style import GRID, INK, MUTED, ink_on, margin_in, shown, stage_look, width_in
from fatnn_bench.printing.footnotes import mark
from fatnn_bench.records.identity import layer_names
from fatnn_bench.records.run import Header, Row, Run
from fatnn_bench.workload import precisions

__all__ = ["draw", "figure", "table"]

REST, OVERLAP = "rest", "fusion/overlap"

MOST_COLUMNS, COLUMN_IN = 4, 2.3  #: panels abreast, and the room that one has at least
BAR_IN, BAR = 0.2, 0.74  #: height of a kernel's room, and the share of it that the bar fills
PANEL_IN, MARGIN_IN = 0.75, 1.15  #: for a panel's title and axis; for the figure's title, legend and caption
#: Room right of the longest bar for its label, as a share of the bar.
HEADROOM = 0.25
#: The part of a panel's width from which on a piece of a bar has room for its percentage.
_ROOM = 0.09


def table(run: Run, kernels: str | None = None, all_ways: bool = True) -> pd.DataFrame:
    """Return the stages of a run, a row a stage.

    Parameters
    ----------
    run : Run
    kernels : str, optional
        Comma-separated shell patterns of the kernels to keep; if None, the suite's own of fewer bits than float32,
        beside which their stages would be too short to see.
    all_ways : bool
        Whether all of these are kept, and not only the best way of each precision among them.

    Returns
    -------
    DataFrame
        ``platform, network, layer, m, n, k, count, scope, threads, case, kernel, precision, way, status, median_s,
        ci_low_s, ci_high_s, stage, seconds, share``. The last stage of a case is ``rest`` or
        ``fusion/overlap``, whose seconds are negative; shares are of the median, and add up to 1.

    Raises
    ------
    NothingComparableError
        No row of these kernels has stages.
    """
    staged = kernels_of_rows(row for row in run.rows if row.timed and row.stages_s)
    chosen = set(names(kernel for kernel in staged if _is_chosen(kernel, kernels)))
    kept = [
        (row, layer)
        for row, layer in zip(run.rows, layer_names(run.rows), strict=True)
        if row.timed and row.stages_s and row.kernel in chosen
    ]
    if not all_ways:
        best = {row.case for row in ranking.best_ways([row for row, _ in kept])}
        kept = [(row, layer) for row, layer in kept if row.case in best]
    if not kept:
        raise NothingComparableError(
            f"{run.source or 'the run'} has no stages of {kernels or 'kernels of fewer bits than float32'}; "
            + (f"choose some of {', '.join(names(staged))} with --kernel" if staged else "run it with --scope layer")
        )
    return pd.DataFrame([record for row, layer in kept for record in _records(row, layer)])


def _is_chosen(kernel: Kernel, patterns: str | None) -> bool:
    if patterns is None:
        return not kernel.library and kernel.precision != precisions.FLOAT32
    return any(fnmatchcase(kernel.name, pattern.strip()) for pattern in patterns.split(","))


def _records(row: Row, layer: str) -> Iterator[dict[str, Any]]:
    assert row.stages_s is not None
    assert row.median_s is not None
    of_row = caption.row_columns(row, layer)
    of_row |= {"median_s": row.median_s, "ci_low_s": row.ci_low_s, "ci_high_s": row.ci_high_s}
    left = row.median_s - sum(row.stages_s.values())
    for stage, seconds in {**row.stages_s, (REST if left >= 0 else OVERLAP): left}.items():
        yield of_row | {"stage": stage, "seconds": seconds, "share": seconds / row.median_s}


def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    """Return the :func:`table` of a run, and the figure."""
    (run,) = runs
    stages = table(run, options.kernel, options.ways or options.kernel is not None)
    return stages, draw(stages, run.header)


def draw(stages: pd.DataFrame, header: Header) -> Figure:
    """Draw a :func:`table`; save the figure within ``matplotlib.rc_context(style.rc(...))``."""
    places = [place for _, place in stages.groupby(caption.PLACE, sort=False, dropna=False)]
    kernels = [names(kernels_of_table(place)) for place in places]
    counts = [place["layer"].nunique() for place in places]
    abreast = max(1, min(MOST_COLUMNS, int(width_in() / COLUMN_IN)))
    columns = max(-(-count // -(-count // abreast)) for count in counts)
    lines = [-(-count // columns) for count in counts]
    heights = [PANEL_IN + BAR_IN * len(here) for here, count in zip(kernels, lines, strict=True) for _ in range(count)]
    figure = Figure(figsize=(width_in(), sum(heights) + margin_in(MARGIN_IN)), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.06, w_pad=0.06)  # type: ignore[union-attr,call-arg]
    axes = figure.subplots(len(heights), columns, squeeze=False, height_ratios=heights)
    first = 0
    for place, here, count in zip(places, kernels, lines, strict=True):
        _draw_place(axes[first : first + count], place, here, len(places) > 1)
        first += count
    _legend(figure, stages, "" if len(places) > 1 else caption.place_title(stages.iloc[0]))
    reading = (
        "Each stage was timed alone. Label and line at a bar's end: median of the whole layer, and its 95% interval; "
        "fusion/overlap: what the stages alone take beyond it."
    )
    caption.write(figure, stages, header, reading)
    return figure


def _draw_place(axes: Any, place: pd.DataFrame, kernels: Sequence[str], titled: bool) -> None:
    layers = [layer for _, layer in place.groupby("layer", sort=False)]
    for i, ax in enumerate(axes.flat):
        if i >= len(layers):
            ax.set_axis_off()
            continue
        _draw_layer(ax, layers[i], kernels, names=i % axes.shape[1] == 0)
        if i == 0 and titled:
            ax.annotate(
                caption.place_title(place.iloc[0]), (0, 1), (0, 28), "axes fraction", "offset points", fontweight="bold"
            )


def _draw_layer(ax: Axes, layer: pd.DataFrame, kernels: Sequence[str], names: bool) -> None:
    unit, scale = ("ms", 1e3) if layer["median_s"].max() >= 1e-3 else ("µs", 1e6)
    sums = layer[layer["seconds"] > 0].groupby("kernel")["seconds"].sum()
    limit = float(np.nanmax([*sums, *layer["median_s"], *layer["ci_high_s"].astype(float)])) * scale * (1 + HEADROOM)
    for y, kernel in enumerate(kernels):
        pieces = layer[layer["kernel"] == kernel]
        if len(pieces):
            _bar(ax, y, pieces, scale, limit * _ROOM)
        else:
            ax.annotate("no stages", (0, y), (3, 0), textcoords="offset points", va="center", fontsize=6, color=MUTED)
    name, size = caption.layer_title(layer.iloc[0])
    ax.set_title(name, loc="left", fontsize=8.5, fontweight="bold", pad=4)
    ax.annotate(size, (1, 1), (0, 4), "axes fraction", "offset points", fontsize=6.5, color=MUTED, ha="right")
    ax.set_xlim(0, limit)
    ax.set_ylim(len(kernels) - 0.45, -0.55)
    ax.set_yticks(range(len(kernels)), map(shown, kernels) if names else [])
    ax.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g} {unit}" if value else "0")
    ax.tick_params(length=0)
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.spines[["top", "right", "bottom"]].set_visible(False)


def _bar(ax: Axes, y: int, pieces: pd.DataFrame, scale: float, room: float) -> None:
    """The stages of one kernel on one layer, end to end; what overlaps is drawn over their end."""
    first = pieces.iloc[0]
    whole, end = first["median_s"] * scale, 0.0
    for _, piece in pieces.iterrows():
        width, look = piece["seconds"] * scale, stage_look(piece["stage"])
        edge: dict[str, Any] = {"edgecolor": MUTED if look.hatch else "white", "linewidth": 0.4}
        ax.barh(y, width, BAR, end, color=look.colour, hatch=look.hatch, zorder=2, **edge)
        if not look.hatch and width > room:
            middle = (end + min(end + width, whole)) / 2  # of what no overlap covers
            text: dict[str, Any] = {"color": ink_on(look.colour), "ha": "center", "va": "center_baseline"}
            ax.text(middle, y, f"{piece['share']:.0%}", fontsize=6, **text)
        end += max(width, 0)
    if pd.notna(first["ci_low_s"]):
        ax.hlines(y, first["ci_low_s"] * scale, first["ci_high_s"] * scale, color=INK, linewidth=0.8, zorder=4)
        end = max(end, first["ci_high_s"] * scale)
    ax.vlines(whole, y - BAR / 2, y + BAR / 2, color=INK, linewidth=1.1, zorder=4)
    label = f"{number(whole)}{mark(first['status'])}"
    ax.annotate(label, (end, y), (3, 0), textcoords="offset points", va="center", fontsize=6.5)


def _legend(figure: Figure, stages: pd.DataFrame, place: str) -> None:
    drawn = list(dict.fromkeys(stages["stage"]))
    names = [*(stage for stage in drawn if stage not in (REST, OVERLAP)), *(s for s in (REST, OVERLAP) if s in drawn)]
    looks = [stage_look(name) for name in names]
    handles = [
        Patch(facecolor=look.colour, hatch=look.hatch, edgecolor=MUTED if look.hatch else "white", linewidth=0.4)
        for look in looks
    ]
    legend.write(figure, handles, names, "Where a layer's time goes" + (f" · {place}" if place else ""))
