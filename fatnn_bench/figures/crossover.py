"""From where on low-bit beats float: speedup over the inner product's length, and over the reuse of packed weights.

A line through the points of a kernel would promise more than is measured: layers of equal K differ in M and N. So the
crossover is told as what the data bear out: the least x from which on every layer is surely faster, and the largest at
which one is not.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from fatnn_bench.comparison import compare, ways
from fatnn_bench.comparison.kernels import kernels_of_table
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.figures import Options, caption, style
from fatnn_bench.figures.style import GRID, INK, MUTED, width_in
from fatnn_bench.records.run import Run
from fatnn_bench.workload import precisions

__all__ = ["crossing", "figure"]

#: Columns of the table that are drawn along x, with what they are.
_AXES = {"k": "length of the inner product", "m": "how often packed weights are reused"}
#: Height of a panel, and of title and caption.
PANEL_IN, MARGIN_IN = 1.2, 0.9
MOST_COLUMNS, COLUMN_IN = 4, 1.1  #: panels abreast, and the room that one has at least
_CHARACTERS_AN_INCH = 11  #: of its title


def crossing(layers: pd.DataFrame, column: str) -> float | None:
    """Return the least x of ``column`` from which on every layer is surely faster; None if there is none.

    A layer is surely faster if its interval lies above 1; where it has none, its speedup.
    """
    sure = layers["low"].fillna(layers["speedup"]) > 1
    slower = layers.loc[~sure, column]
    faster = layers.loc[sure & (layers[column] > (slower.max() if len(slower) else -np.inf)), column]
    return float(faster.min()) if len(faster) else None


def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    """Return the speedups of a run, with the :func:`crossing` of their kernel along K and M, and the figure."""
    (run,) = runs
    table = compare.speedups(run, options.baseline)
    table = table[table["speedup"].notna() & table["k"].notna() & (table["kernel"] != table["baseline"])]
    table = table[table["precision"] != precisions.FLOAT32]
    if not len(table):
        raise NothingComparableError(
            f"{run.source or 'the run'} has no times of fewer bits than float32 beside a baseline, so there is nothing "
            "to cross; run other kernels as well"
        )
    if not options.ways:
        table = ways.best(table, options.baseline, caption.PLACE)
    table = table.reset_index(drop=True)
    for column in _AXES:
        table[f"crossing_{column}"] = None
        for _, rows in table.groupby(["kernel", *caption.PLACE], dropna=False):
            table.loc[rows.index, f"crossing_{column}"] = crossing(rows, column)
    return table, _figure(table, run, options)


def _figure(table: pd.DataFrame, run: Run, options: Options) -> Figure:
    kernels = style.looks(kernels_of_table(table))
    lines = -(-len(kernels) // max(1, min(MOST_COLUMNS, int(width_in() / COLUMN_IN))))
    columns = -(-len(kernels) // lines)
    drawn = Figure(figsize=(width_in(), PANEL_IN * 2 * lines + style.margin_in(MARGIN_IN)), layout="constrained")
    axes = drawn.subplots(2 * lines, columns, squeeze=False, sharey=True)
    for ax in axes.flat:
        ax.set_axis_off()
    for i, (kernel, look) in enumerate(kernels.items()):
        for part, column in enumerate(_AXES):
            name = style.broken(kernel, int(_CHARACTERS_AN_INCH * width_in() / columns)) if part == 0 else ""
            ax = axes[2 * (i // columns) + part, i % columns]
            ax.set_title(name, loc="left", fontsize=8.5, fontweight="bold")
            _draw(ax, table[table["kernel"] == kernel], column, look.colour)
    words = compare.baseline_words(compare.single_baseline(table), options.baseline)
    title = style.title(f"From where on a kernel beats {words}")
    drawn.suptitle(title, x=0.008, ha="left", size=style.TITLE, weight="bold")
    axes_words = "; ".join(f"{column.upper()}: {what}" for column, what in _AXES.items())
    reading = (
        f"Dots: layers, with 95% intervals; dashed: from here on every layer measured is surely faster. {axes_words}."
    )
    caption.write(drawn, table, run.header, reading + ("" if options.ways else caption.BEST_WAYS))
    return drawn


def _draw(ax: Axes, layers: pd.DataFrame, column: str, colour: str) -> None:
    ax.set_axis_on()
    x, y = layers[column].astype(float), layers["speedup"]
    ax.vlines(x, layers["low"], layers["high"], color=INK, linewidth=0.7)
    ax.scatter(x, y, s=16, color=colour, edgecolor=INK, linewidth=0.4, zorder=3)
    ax.axhline(1, color=INK, linewidth=0.7)
    ax.set_xscale("log")
    if x.min() == x.max():
        ax.set_xlim(x.iloc[0] / 2, x.iloc[0] * 2)
    ax.set_yscale("log")
    ax.margins(0.12)
    found = layers[f"crossing_{column}"].iloc[0]
    crosses = found is not None and pd.notna(found)
    if crosses:
        ax.axvline(found, color=MUTED, linestyle="--", linewidth=0.8)
    words = f"faster from {found:g}" if crosses else "unsure at largest"
    ax.set_xlabel(f"{column.upper()}: {words}", fontsize=6.5, labelpad=1)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.grid(color=GRID, linewidth=0.5)
    ax.spines[["top", "right"]].set_visible(False)
