"""A map of speedups: a row a layer, a column a kernel, for networks of more layers than bars have room for."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from fatnn_bench.comparison import compare, ways
from fatnn_bench.comparison.kernels import kernels_of_table, names
from fatnn_bench.document import number
from fatnn_bench.figures import Options, caption, style
from fatnn_bench.figures.style import MUTED, ink_on, width_in
from fatnn_bench.printing.footnotes import mark
from fatnn_bench.records.run import Run

__all__ = ["figure"]

#: Heights of a layer, of a panel's title, and of the figure's title and caption.
ROW_IN, PANEL_IN, MARGIN_IN = 0.2, 0.55, 0.7
#: What a letter takes, of a name at the edge and of a number in a cell as its share of an em; and a line of names.
_LETTER_IN, _LETTER_EM, _LINE_IN = 0.066, 0.62, 0.14
#: Points of the numbers, and how many letters one has.
_NUMBER, _NUMBER_LETTERS = 6.5, 5
#: The least room for a column that lets names of layers carry their sizes.
_CELL_IN = 0.33
#: Purple is faster and orange slower, as far apart for readers of any colour vision; white is the baseline.
COLOURS = "PuOr"


@dataclass(frozen=True)
class _Names:
    """The names around a panel, as far as there is room for them."""

    layers: list[str]
    kernels: list[str]
    upright: bool  #: whether kernels are named from bottom to top, where columns are too narrow
    cell_in: float  #: width of a column

    @property
    def height_in(self) -> float:
        """What the kernels' names take above the panel."""
        if self.upright:
            return _LETTER_IN * max(map(len, self.kernels))
        return _LINE_IN * max(name.count("\n") + 1 for name in self.kernels)


def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    """Return the rows of :func:`fatnn_bench.comparison.compare.speedups` that are drawn, and the figure."""
    (run,) = runs
    table = compare.speedups(run, options.baseline)
    if not options.ways:
        table = ways.best(ways.tried(table, caption.PLACE), options.baseline, caption.PLACE)
    single = compare.single_baseline(table)
    panels = [panel for _, panel in table.groupby(caption.PLACE, sort=False, dropna=False)]
    kernels = [[name for name in names(kernels_of_table(panel)) if name != single] for panel in panels]
    edges = [_names(panel, here) for panel, here in zip(panels, kernels, strict=True)]
    heights = [PANEL_IN + each.height_in + ROW_IN * len(each.layers) for each in edges]
    drawn = Figure(figsize=(width_in(), sum(heights) + style.margin_in(MARGIN_IN)), layout="constrained")
    largest = float(np.nanmax(np.abs(np.log(table["speedup"].astype(float)))))
    norm = LogNorm(float(np.exp(-largest)), float(np.exp(largest)) if largest else 1.001)
    parts = drawn.subfigures(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, panel, here, around in zip(parts, panels, kernels, edges, strict=True):
        part.suptitle(caption.place_title(panel.iloc[0]), x=0.008, ha="left", fontsize=9, fontweight="bold")
        ax = part.subplots()
        _fill(ax, panel, here, norm, min(_NUMBER, 72 * around.cell_in / (_NUMBER_LETTERS * _LETTER_EM)))
        _name(ax, around)
    title = style.title(f"Speedup over {compare.baseline_words(single, options.baseline)}")
    drawn.suptitle(title, x=0.008, ha="left", size=style.TITLE, weight="bold")
    reading = "Cells: ratio of median times, coloured by its logarithm; white is 1×."
    caption.write(drawn, table, run.header, reading + ("" if options.ways else caption.BEST_WAYS))
    return table, drawn


def _names(panel: pd.DataFrame, kernels: Sequence[str]) -> _Names:
    titles = [caption.layer_title(rows.iloc[0]) for _, rows in panel.groupby("layer", sort=False)]
    layers = ["  ".join(filter(None, title)) for title in titles]
    if _cell_in(layers, kernels) < _CELL_IN:
        layers = [name for name, _ in titles]
    cell_in = _cell_in(layers, kernels)
    room = int(cell_in / _LETTER_IN)
    broken = [style.broken(name, room) for name in kernels]
    upright = max(len(line) for name in broken for line in name.split("\n")) > room
    return _Names(layers, [style.shown(name) for name in kernels] if upright else broken, upright, cell_in)


def _cell_in(layers: Sequence[str], kernels: Sequence[str]) -> float:
    return (width_in() - _LETTER_IN * max(map(len, layers)) - 2 * _LINE_IN) / len(kernels)


def _fill(ax: Axes, panel: pd.DataFrame, kernels: Sequence[str], norm: LogNorm, size: float) -> None:
    """A cell a case, with its number in so many points."""
    colours = mpl.colormaps[COLOURS]
    for y, (_, rows) in enumerate(panel.groupby("layer", sort=False)):
        for row in rows.to_dict(orient="records"):
            if row["kernel"] not in kernels:
                continue
            x, known = kernels.index(row["kernel"]), pd.notna(row["speedup"])
            colour = mpl.colors.to_hex(colours(norm(row["speedup"]))) if known else "#ffffff"
            ax.add_patch(mpl.patches.Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="white", linewidth=1))
            text = number(row["speedup"]) + mark(row["status"], row["baseline_status"]) if known else row["status"]
            ax.text(
                x + 0.5, y + 0.5, text, ha="center", va="center", size=size if known else min(5, size * 0.6),
                color=ink_on(colour) if known else MUTED,
            )  # fmt: skip


def _name(ax: Axes, names: _Names) -> None:
    ax.set_xlim(0, len(names.kernels))
    ax.set_ylim(len(names.layers), 0)
    ax.set_xticks(np.arange(len(names.kernels)) + 0.5, names.kernels, rotation=90 if names.upright else 0)
    ax.xaxis.tick_top()
    ax.set_yticks(np.arange(len(names.layers)) + 0.5, names.layers)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
