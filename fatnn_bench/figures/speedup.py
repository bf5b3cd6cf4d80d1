"""Bars of speedup over the baseline: a group a layer, a bar a kernel, a panel a network."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from fatnn_bench.comparison import compare, ways
from fatnn_bench.comparison.kernels import Kernel, kernels_of_table
from fatnn_bench.document import number
from fatnn_bench.figures import Options, caption, legend
from fatnn_bench.figures.style import (
    INK,
    LOSS,
    MUTED,
    Look,
    ink_on,
    looks,
    margin_in,
    panel_title,
    speedup_axes,
    width_in,
)
from fatnn_bench.printing.footnotes import mark
from fatnn_bench.records.run import Header, Run

__all__ = ["draw", "figure"]

LINE_IN = 2.15  #: height of a line of bars
MARGIN_IN = 1.3  #: for title, legend and caption
#: Room that a layer has at least; more layers are wrapped into another line of the panel, as text is.
LAYER_IN = 1.6
#: The most layers that a line keeps room for, lest one layer's bars fill it.
FEWEST_LAYERS = 4
#: Share of a layer's room that its bars fill, and the most for one of them.
GROUP, WIDEST_BAR = 0.88, 0.15
#: Room above the tallest bar for its label, as a share of the bar.
HEADROOM = 0.22


@dataclass(frozen=True)
class _Line:
    """One row of the figure: some layers of one network."""

    title: str  #: empty where a line goes on with the network of the one above
    layers: Sequence[pd.DataFrame]
    looks: Mapping[str, Look]  #: of its kernels
    room: int  #: layers the line has room for, so that all bars of a panel are equally wide
    top: float  #: the panel's largest value, so that its lines share one scale


def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    """Return the rows of :func:`fatnn_bench.comparison.compare.speedups` that are drawn, and the figure."""
    (run,) = runs
    table = compare.speedups(run, options.baseline)
    if not options.ways:
        table = ways.best(ways.tried(table, caption.PLACE), options.baseline, caption.PLACE)
    return table, draw(table, run.header, options)


def draw(speedups: pd.DataFrame, header: Header, options: Options) -> Figure:
    """Draw rows of :func:`fatnn_bench.comparison.compare.speedups`.

    Parameters
    ----------
    speedups : DataFrame
        At least one row with a speedup.
    header : Header
        Of the run: the caption says machine, platform and time.
    options : Options
        Which baseline was chosen, and whether all kernels were.

    Returns
    -------
    Figure
        Of no display. Draw and save it within ``matplotlib.rc_context(style.rc(...))``.
    """
    single = compare.single_baseline(speedups)
    kernels = [kernel for kernel in kernels_of_table(speedups) if kernel.name != single]
    drawn = looks(kernels)
    lines = list(_lines(speedups, drawn))
    figure = Figure(figsize=(width_in(), LINE_IN * len(lines) + margin_in(MARGIN_IN)), layout="constrained")
    for ax, line in zip(figure.subplots(len(lines), 1, squeeze=False)[:, 0], lines, strict=True):
        _draw_line(ax, line)
    _legend(figure, kernels, single, f"Speedup over {compare.baseline_words(single, options.baseline)}")
    reading = "Bars: ratio of times; whiskers: its 95% interval."
    caption.write(figure, speedups, header, reading + ("" if options.ways else caption.BEST_WAYS))
    return figure


def _lines(speedups: pd.DataFrame, drawn: Mapping[str, Look]) -> Iterator[_Line]:
    """The panels in the order of the run, each wrapped into lines of about equal length."""
    a_line = max(1, int(width_in() / LAYER_IN))
    for _, panel in speedups.groupby(caption.PLACE, sort=False, dropna=False):
        title = panel_title(caption.place_title(panel.iloc[0]))
        layers = [layer for _, layer in panel.groupby("layer", sort=False)]
        room = -(-len(layers) // -(-len(layers) // a_line))
        here = {name: look for name, look in drawn.items() if name in set(panel["kernel"])}
        if not here:  # nothing but the baseline ran
            continue
        top = float(np.nanmax([1.0, *panel["speedup"], *panel["high"]]))
        places = max(room, min(FEWEST_LAYERS, a_line))
        for start in range(0, len(layers), room):
            yield _Line("" if start else title, layers[start : start + room], here, places, top)


def _draw_line(ax: Axes, line: _Line) -> None:
    width = min(GROUP / len(line.looks), WIDEST_BAR)
    first = -width * (len(line.looks) - 1) / 2
    for x, layer in enumerate(line.layers):
        rows = {row["kernel"]: row for row in layer.to_dict(orient="records")}
        for i, (kernel, look) in enumerate(line.looks.items()):
            if kernel in rows:
                _bar(ax, x + first + i * width, width, look, rows[kernel])
    ax.set_title(line.title, loc="left", fontsize=9, fontweight="bold", pad=8)
    ax.set_xlim(-0.5, line.room - 0.5)
    ax.set_ylim(0, line.top * (1 + HEADROOM))
    ax.set_xticks(
        range(len(line.layers)), ["\n".join(filter(None, caption.layer_title(layer.iloc[0]))) for layer in line.layers]
    )
    speedup_axes(ax)


def _bar(ax: Axes, x: float, width: float, look: Look, row: dict[Any, Any]) -> None:
    """One kernel on one layer: bar, whisker and value; or its status where it has none."""
    text: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "bottom", "textcoords": "offset points"}
    if pd.isna(row["speedup"]):
        word = "no baseline" if pd.notna(row["median_s"]) else row["status"]
        ax.annotate(word, (x, 1.0), (0, 3), fontsize=5.5, color=MUTED, **text)
        return
    speedup, low, high = row["speedup"], row["low"], row["high"]
    ax.bar(
        x,
        speedup,
        width * 0.9,
        color=look.colour,
        hatch=look.hatch,
        edgecolor=ink_on(look.colour),
        linewidth=0,
        zorder=2,
    )
    if pd.notna(low):
        ax.vlines(x, low, high, color=INK, linewidth=0.8, zorder=4)
    end = max(speedup, 1.0, speedup if pd.isna(high) else high)
    ax.annotate(
        f"{number(speedup)}{mark(row['status'], row['baseline_status'])}",
        (x, end),
        (0, 2.5),
        fontsize=6.5,
        color=INK if speedup >= 1 else LOSS,
        **text,
    )


def _legend(figure: Figure, kernels: Sequence[Kernel], single: str | None, title: str) -> None:
    handles: list[Patch | Line2D] = [
        Patch(facecolor=look.colour, hatch=look.hatch, edgecolor=ink_on(look.colour), linewidth=0)
        for look in looks(kernels).values()
    ]
    handles.append(Line2D([], [], color=INK, linewidth=0.7))
    legend.write(figure, handles, [*caption.series(kernels), f"1× = {single or 'fastest float32'}"], title)
