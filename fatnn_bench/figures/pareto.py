"""What a precision costs and keeps: accuracy against measured latency, and against bytes, a point a precision.

The line joins the precisions that no other one beats in both.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, NullLocator
from scipy.optimize import isotonic_regression

from fatnn_bench.comparison import tradeoff
from fatnn_bench.comparison.kernels import kernels_of_rows
from fatnn_bench.comparison.tradeoff import Choices
from fatnn_bench.errors import UserError
from fatnn_bench.figures import Options, caption, legend
from fatnn_bench.figures.style import GRID, INK, MUTED, looks, margin_in, shown, width_in
from fatnn_bench.records import provenance
from fatnn_bench.records.run import Run

__all__ = ["draw", "figure", "table"]

#: Heights of a panel, and of title, legend and caption; and from which width on both panels stand side by side.
PANEL_IN, MARGIN_IN, BESIDE_IN = 3.2, 1.2, 6.0
#: Latencies that differ by less have more ticks between them.
_NEAR = 4.0
#: Where the panel's labels stand, in parts of its width, and how far apart, of its height.
_LABEL_AT, _LABEL_GAP = 1.04, 0.062


def table(choices: Choices) -> pd.DataFrame:
    """Return a row a precision: ``network, precision, kernel, seeds, accuracy, accuracy_low, accuracy_high, latency_s,
    latency_low_s, latency_high_s, weight_bytes, status``; the interval of one seed's accuracy is NaN."""
    return pd.DataFrame(
        {
            "network": choices.network,
            "precision": choice.precision,
            "kernel": choice.row.kernel,
            "seeds": len(choice.summary.seeds),
            "accuracy": choice.summary.mean,
            "accuracy_low": choice.summary.low,
            "accuracy_high": choice.summary.high,
            "latency_s": choice.latency_s,
            "latency_low_s": choice.latency_low_s,
            "latency_high_s": choice.latency_high_s,
            "weight_bytes": choice.summary.weight_bytes,
            "status": choice.row.status.value,
        }
        for choice in choices.choices
    )


def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    """Return the :func:`table` of a speed run joined with ``options.accuracy``, and the figure."""
    (run,) = runs
    if options.accuracy is None:
        raise UserError("pareto needs --accuracy, a results file of `fatnn-bench accuracy` on the run's network")
    joined = table(tradeoff.joined(options.accuracy, run))
    return joined, draw(joined, run, options.accuracy.header.settings.dataset)


def draw(table: pd.DataFrame, run: Run, dataset: str) -> Figure:
    """Draw the table of a speed run and a data set."""
    lines, columns = (1, 2) if width_in() >= BESIDE_IN else (2, 1)
    figure = Figure((width_in(), PANEL_IN * lines + margin_in(MARGIN_IN)), layout="constrained")
    left, right = figure.subplots(lines, columns, sharey=True, squeeze=False).flat
    network = table["network"].iloc[0]
    latency = table["latency_s"]
    ticks = LogLocator(subs=(1.0, 2.0, 3.0, 5.0, 7.0) if latency.max() < _NEAR * latency.min() else (1.0, 2.0, 5.0))
    used = set(table["kernel"])
    colours = {
        name: look.colour
        for name, look in looks(kernels_of_rows(row for row in run.rows if row.kernel in used)).items()
    }
    table = table.assign(colour=table["kernel"].map(colours))
    _panel(left, table, latency, "latency of one image", _time, ticks)
    _panel(right, table, table["weight_bytes"], "bytes of the network", _bytes, LogLocator(base=2))
    bounds = table[["latency_low_s", "latency_high_s"]].to_numpy().T
    spread = np.abs(bounds - table["latency_s"].to_numpy())
    left.errorbar(table["latency_s"], 100 * table["accuracy"], xerr=spread, fmt="none", ecolor=MUTED, elinewidth=0.8)
    kernels = [
        Line2D([], [], marker="o", linestyle="", color=colours[kernel], markeredgecolor=INK)
        for kernel in dict.fromkeys(table["kernel"])
    ]
    for ax in (left, right)[:lines]:
        ax.set_ylabel(f"accuracy on {shown(dataset)}, %")
    names = [f"run by {kernel}" for kernel in dict.fromkeys(table["kernel"])]
    legend.write(figure, kernels, names, f"{network}: accuracy against latency and size")
    header = run.header
    machine = shown(provenance.machine_name(header.machine), 120)
    text = (
        f"{machine} · {provenance.place('network', 1)} · measured {header.created}. "
        "Bars: 95% intervals, over seeds of the accuracy. Line: what no other precision beats in both. "
        "Colour: the kernel that runs it; precisions that only float32 kernels run have float32's latency."
    )
    caption.note(figure, text)
    return figure


def _panel(
    ax: Axes, table: pd.DataFrame, cost: pd.Series, name: str, words: Callable[[float], str], ticks: Locator
) -> None:
    accuracy = 100 * table["accuracy"]
    half = (100 * (table["accuracy_high"] - table["accuracy"])).fillna(0)
    ax.errorbar(cost, accuracy, yerr=half, fmt="none", ecolor=MUTED, elinewidth=0.8, capsize=2, zorder=2)
    for x, y, colour in zip(cost, accuracy, table["colour"], strict=True):
        ax.plot(x, y, "o", color=colour, markeredgecolor=INK, markeredgewidth=0.5, markersize=6, zorder=3)
    front = sorted(_front(list(zip(cost, accuracy, strict=True))))
    ax.plot(*zip(*front, strict=True), color=MUTED, linewidth=0.9, drawstyle="steps-post", zorder=1)
    ax.set_xscale("log")
    ax.set_xlim(min(cost) / 1.35, max(cost) * 1.35)
    ax.set_xlabel(f"{name}, logarithmic")
    ax.xaxis.set_major_locator(ticks)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words(value)))
    ax.grid(color=GRID, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    _label(
        ax,
        list(cost),
        list(accuracy),
        [f"{shown(p)}  {words(x)}" for p, x in zip(table["precision"], cost, strict=True)],
    )


def _label(ax: Axes, cost: Sequence[float], accuracy: Sequence[float], texts: Sequence[str]) -> None:
    """Names beside the panel, spread so that none covers another, each with a line to its point."""
    low, high = ax.get_ylim()
    order = np.argsort(np.asarray(accuracy), kind="stable")
    heights = (np.asarray(accuracy)[order] - low) / (high - low)
    ranks = _LABEL_GAP * np.arange(len(order))
    spread = isotonic_regression(heights - ranks).x + ranks
    spread += min(0.0, 1.0 - float(spread[-1]))  # the highest stays in the panel
    ax.set_ylim(low, high)
    for place, i in zip(spread, order, strict=True):
        ax.annotate(
            texts[i], (cost[i], accuracy[i]), xytext=(_LABEL_AT, place), textcoords="axes fraction",
            va="center", fontsize=7, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": GRID, "linewidth": 0.7, "relpos": (0, 0.5), "shrinkB": 4},
        )  # fmt: skip


def _front(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that no other beats: none costs no more and keeps no less, and differs."""
    return [
        (cost, kept)
        for cost, kept in points
        if not any(c <= cost and k >= kept and (c, k) != (cost, kept) for c, k in points)
    ]


def _time(seconds: float) -> str:
    """``8.2 µs``, ``1.4 ms``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _bytes(size: float) -> str:
    """``6.6 KiB``, ``1.4 MiB``."""
    return f"{size / 1024:.3g} KiB" if size < 1 << 20 else f"{size / (1 << 20):.3g} MiB"
