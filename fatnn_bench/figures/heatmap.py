"""A map of speedups: a row a layer, a column a kernel, for networks of more layers than bars have room for."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from fatnn_bench.comparison import compare
from fatnn_bench.comparison.gain import number
from fatnn_bench.figures import Options, caption, style
from fatnn_bench.figures.style import MUTED, ink_on, width_in
from fatnn_bench.printing.footnotes import mark
from fatnn_bench.results.records import Run

__all__ = ["figure"]

#: Heights of a layer, of a panel's title and columns' names, and of title and caption.
ROW_IN, PANEL_IN, MARGIN_IN = 0.2, 1.05, 0.7
#: Purple is faster and orange slower, as far apart for readers of any colour vision; white is the baseline.
COLOURS = "PuOr"


def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    """Return the table of :func:`fatnn_bench.comparison.compare.speedups` of a run, and the figure."""
    (run,) = runs
    table = compare.speedups(run, options.baseline)
    single = compare.single_baseline(table)
    panels = [panel for _, panel in table.groupby(caption.PLACE, sort=False, dropna=False)]
    heights = [PANEL_IN + ROW_IN * panel["layer"].nunique() for panel in panels]
    drawn = Figure(figsize=(width_in(), sum(heights) + MARGIN_IN), layout="constrained")
    largest = float(np.nanmax(np.abs(np.log(table["speedup"].astype(float)))))
    norm = LogNorm(float(np.exp(-largest)), float(np.exp(largest)) if largest else 1.001)
    axes = drawn.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for ax, panel in zip(axes, panels, strict=True):
        _draw(ax, panel, norm, single)
    title = style.title(f"Speedup over {compare.baseline_words(single, options.baseline)}")
    drawn.suptitle(title, x=0.008, ha="left", size=style.TITLE, weight="bold")
    caption.write(drawn, table, run.header, "Cells: ratio of median times, coloured by its logarithm; white is 1×.")
    return table, drawn


def _draw(ax: Axes, panel: pd.DataFrame, norm: LogNorm, single: str | None) -> None:
    kernels = [kernel for kernel in compare.kernel_order(panel["kernel"]) if kernel != single]
    layers = [rows for _, rows in panel.groupby("layer", sort=False)]
    colours = mpl.colormaps[COLOURS]
    for y, rows in enumerate(layers):
        for row in rows.to_dict(orient="records"):
            if row["kernel"] not in kernels:
                continue
            x, known = kernels.index(row["kernel"]), pd.notna(row["speedup"])
            colour = mpl.colors.to_hex(colours(norm(row["speedup"]))) if known else "#ffffff"
            ax.add_patch(mpl.patches.Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="white", linewidth=1))
            text = number(row["speedup"]) + mark(row["status"], row["baseline_status"]) if known else row["status"]
            ax.text(
                x + 0.5, y + 0.5, text, ha="center", va="center", size=6.5 if known else 5,
                color=ink_on(colour) if known else MUTED,
            )  # fmt: skip
    ax.set_xlim(0, max(1, len(kernels)))
    ax.set_ylim(len(layers), 0)
    ax.set_xticks(np.arange(len(kernels)) + 0.5, [name.replace("-", "\n", 1) for name in kernels])
    ax.xaxis.tick_top()
    ax.set_yticks(
        np.arange(len(layers)) + 0.5, ["  ".join(filter(None, caption.layer_title(rows.iloc[0]))) for rows in layers]
    )
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(caption.place_title(panel.iloc[0]), loc="left", fontsize=9, fontweight="bold", pad=8)
