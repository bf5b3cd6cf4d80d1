"""Lines of speedup over the fewest threads: a panel a platform's machine, a line a kernel."""

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fatnn_bench.comparison import ranking
from fatnn_bench.comparison.kernels import kernels_of_rows, kernels_of_table
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.figures import Options, caption, legend, style
from fatnn_bench.figures.style import GRID, INK, MUTED, looks, width_in
from fatnn_bench.records import provenance
from fatnn_bench.records.identity import shape_key
from fatnn_bench.records.run import Row, Run

__all__ = ["figure", "table"]

HEIGHT_IN = 3.6
#: Markers in the order of kernels, so that lines of equal colour are told apart.
_MARKERS = "os^Dvph*X<>d"


def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    """Return the table of :func:`table`, and the figure."""
    shown = runs if options.kernel or options.ways else _best_ways(runs)
    scaling = table(shown, options.kernel)
    return scaling, _draw(scaling)


def _best_ways(runs: Sequence[Run]) -> list[Run]:
    """The runs with those kernels alone that are the best way of a precision on the fewest threads."""
    timed = [row for run in runs for row in run.rows if row.timed]
    fewest = min((row.threads for row in timed), default=1)
    best = {row.kernel for row in ranking.best_ways([row for row in timed if row.threads == fewest])}
    return [replace(run, rows=tuple(row for row in run.rows if row.kernel in best)) for run in runs]


def table(runs: Sequence[Run], kernels: str | None = None) -> pd.DataFrame:
    """Return how much faster each kernel is on more threads than on the fewest: geometric means over the layers.

    Runs are put together by the machine they were measured on and what they compiled for; of a case, the last counts.

    Parameters
    ----------
    runs
        That hold equal cases on different numbers of threads.
    kernels
        Comma-separated shell patterns; None keeps all.

    Returns
    -------
    DataFrame
        ``machine, scope, kernel, precision, way, threads, layers, speedup``; the fewest threads have speedup 1.

    Raises
    ------
    NothingComparableError
        No case was timed on two numbers of threads.
    """
    times: dict[tuple[str, str, str], dict[int, dict[Any, float]]] = {}
    for run in runs:
        for row in run.rows:
            if row.timed and row.median_s and (kernels is None or _matches(row.kernel, kernels)):
                where = times.setdefault((_machine(run, row), row.scope, row.kernel), {})
                where.setdefault(row.threads, {})[row.layer, shape_key(row.shape)] = row.median_s
    said = {kernel.name: kernel for kernel in kernels_of_rows(row for run in runs for row in run.rows)}
    records = []
    for (machine, scope, kernel), by_threads in times.items():
        fewest = by_threads[min(by_threads)]
        for threads, layers in sorted(by_threads.items()):
            if shared := [layer for layer in layers if layer in fewest]:
                ratios = np.log([fewest[layer] / layers[layer] for layer in shared])
                records.append((machine, scope, *said[kernel], threads, len(shared), float(np.exp(ratios.mean()))))
    columns = ["machine", "scope", "kernel", "precision", "way", "threads", "layers", "speedup"]
    found = pd.DataFrame(records, columns=columns)
    more = found[found.groupby(["machine", "scope", "kernel"])["threads"].transform("nunique") > 1]
    if more.empty:
        raise NothingComparableError(
            "no kernel was timed on two numbers of threads on one machine; "
            "run --platform native,native-all-threads, and give both files"
        )
    return more.reset_index(drop=True)


def _matches(kernel: str, patterns: str) -> bool:
    return any(fnmatchcase(kernel, pattern.strip()) for pattern in patterns.split(","))


def _machine(run: Run, row: Row) -> str:
    """The processor, and the CPU that was compiled for where it is not the one found."""
    known = run.header.platforms.get(row.platform or "") or vars(run.header)
    environment = known["software"].get("environment") or {}
    level = environment.get("NUMBA_CPU_NAME")
    return provenance.machine_name(known["machine"]) + (f", compiled for {level}" if level else "")


def _draw(scaling: pd.DataFrame) -> Figure:
    panels = list(scaling.groupby(["machine", "scope"], sort=False))
    kernels = looks(kernels_of_table(scaling))
    figure = Figure(figsize=(width_in(), HEIGHT_IN * len(panels)), layout="constrained")
    for ax, ((machine, scope), panel) in zip(figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True):
        most = int(panel["threads"].max())
        fewest = int(panel["threads"].min())
        ax.plot([fewest, most], [1, most / fewest], color=MUTED, linestyle="--", linewidth=0.8)
        for (kernel, look), marker in zip(kernels.items(), cycle(_MARKERS), strict=False):
            line = panel[panel["kernel"] == kernel]
            ax.plot(
                line["threads"], line["speedup"], color=look.colour, marker=marker, markeredgecolor=INK,
                markeredgewidth=0.4, linewidth=1.4,
            )  # fmt: skip
        ax.set_title(
            style.panel_title(f"{style.shown(str(machine), 120)} · {style.shown(str(scope))} scope"),
            loc="left",
            fontsize=9,
            fontweight="bold",
        )
        ax.set_xlabel("threads")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
        ax.set_ylim(bottom=0)
        ax.grid(color=GRID, linewidth=0.6)
        ax.spines[["top", "right"]].set_visible(False)
        beside = ax.legend(
            ax.lines, ["" for _ in ax.lines], loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8
        )
        legend.name(beside, ["ideal", *map(style.shown, kernels)])
    title = style.title("Speedup over the fewest threads")
    figure.suptitle(title, x=0.008, ha="left", size=style.TITLE, weight="bold")
    caption.note(figure, "Geometric mean over the layers that were timed on both numbers of threads.")
    return figure
