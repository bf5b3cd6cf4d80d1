"""How far kernels are from the machine's limits: a panel a kernel, a point a layer, below its roof.

The roof is the rate of the kernel's own step in registers, and, left of where they meet, what can be read from a level
of memory: MACs a byte × bytes a second (Williams, Waterman, Patterson, "Roofline", CACM 2009).
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from fatnn_bench.comparison import ranking
from fatnn_bench.comparison.kernels import kernels_of_table
from fatnn_bench.document import number
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.figures import Options, caption, style
from fatnn_bench.figures.style import GRID, INK, MUTED, Look, looks, margin_in, width_in
from fatnn_bench.limits.measured import Bandwidth
from fatnn_bench.records.identity import layer_names
from fatnn_bench.records.run import Header, Run, Status

__all__ = ["draw", "figure", "table"]

MOST_COLUMNS, COLUMN_IN = 4, 1.65  #: panels abreast, and the room that one has at least
#: Heights of a line of panels, of a place's title, of a line of its key, and of title and caption.
PANEL_IN, PLACE_IN, KEY_IN, MARGIN_IN = 1.75, 0.35, 0.16, 0.75
_KEY_CHARACTERS_AN_INCH = 17
_CHARACTERS_AN_INCH, _AXIS_IN = 12.5, 0.3  #: of a panel's title; what its axis takes beside it
_SLENDER = 0.85  #: the most that a panel is high, of its width
#: Room beside and below what is drawn, as factors, and the part of a panel's height that lies below its roof.
_BESIDE, _BELOW, _ROOF = 2.0, 1.6, 0.62
#: The least that a panel shows below its roof, as a factor.
_DEPTH = 8.0
#: Points² of a dot; points of its number, and between neighbours; the part of a panel's height where numbers are.
_DOT, _NUMBER, _GAP, _FOOT = 14.0, 6.5, 9.5, 0.05
#: How the levels of memory are drawn, the nearest first: the farther, the heavier.
_LINES: dict[str, Any] = {"L1": (0, (1, 1.5)), "L2": (0, (3, 1.5)), "L3": (0, (6, 1.5)), "memory": "-"}
#: What has no room above the roof.
_SHORT = {"memory": "RAM"}


def table(run: Run, bandwidths: Sequence[Bandwidth] = ()) -> pd.DataFrame:
    """Return where each timed row stands, a row each.

    Parameters
    ----------
    run : Run
    bandwidths
        Of the machine that the run was measured on.

    Returns
    -------
    DataFrame
        ``platform, network, layer, m, n, k, count, scope, threads, case, kernel, precision, way, status, macs, bytes,
        macs_per_byte, gmacs_per_s, peak_gmacs_per_s``, then ``<level>_gmacs_per_s`` for each bandwidth: what reading
        every byte from there allows.

    Raises
    ------
    NothingComparableError
        No row has both a time and bytes.
    """
    named = zip(run.rows, layer_names(run.rows), strict=True)
    kept = [(row, layer) for row, layer in named if row.timed and row.bytes and row.macs and row.gmacs_per_s]
    if not kept:
        raise NothingComparableError(
            f"{run.source or 'the run'} has no row with a time and bytes, so there is no roofline; "
            "`fatnn-bench show` prints why"
        )
    return pd.DataFrame(
        [
            caption.row_columns(row, layer)
            | {
                "macs": row.macs,
                "bytes": row.bytes,
                "macs_per_byte": row.macs / row.bytes,
                "gmacs_per_s": row.gmacs_per_s,
                "peak_gmacs_per_s": row.peak_gmacs_per_s,
            }
            | {f"{one.level}_gmacs_per_s": row.macs / row.bytes * one.gbytes_per_s for one in bandwidths}
            for row, layer in kept
        ]
    )


def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    """Return the :func:`table` of a run, and the figure."""
    (run,) = runs
    shown = run if options.ways else replace(run, rows=tuple(ranking.best_ways(run.rows)))
    points = table(shown, options.bandwidths)
    return points, draw(points, run.header, options.bandwidths)


def draw(points: pd.DataFrame, header: Header, bandwidths: Sequence[Bandwidth] = ()) -> Figure:
    """Draw a :func:`table`; save the figure within ``matplotlib.rc_context(style.rc(...))``."""
    places = [place for _, place in points.groupby(caption.PLACE, sort=False, dropna=False)]
    abreast = max(1, min(MOST_COLUMNS, int(width_in() / COLUMN_IN)))
    lines = [-(-place["kernel"].nunique() // abreast) for place in places]
    keys = [_key(place) for place in places]
    panel_in = min(PANEL_IN, _SLENDER * width_in() / abreast)
    heights = [
        panel_in * count + PLACE_IN + KEY_IN * (key.count("\n") + 1) for count, key in zip(lines, keys, strict=True)
    ]
    figure = Figure(figsize=(width_in(), sum(heights) + margin_in(MARGIN_IN)), layout="constrained")
    title = style.title("Useful multiply-accumulates against the machine's limits")
    figure.suptitle(title, x=0.008, ha="left", size=style.TITLE, weight="bold")
    parts = figure.subfigures(len(places), 1, squeeze=False, height_ratios=heights)[:, 0]
    drawn: list[tuple[Axes, pd.DataFrame]] = []
    kernels = looks(kernels_of_table(points))
    for part, place, key, count in zip(parts, places, keys, lines, strict=True):
        part.suptitle(f"{caption.place_title(place.iloc[0])}\n{key}", x=0.008, ha="left", fontsize=8, linespacing=1.4)
        columns = -(-place["kernel"].nunique() // count)
        here = {name: look for name, look in kernels.items() if name in set(place["kernel"])}
        drawn += _draw_place(part.subplots(count, columns, squeeze=False), place, here, bandwidths)
    slopes = ", slopes: what can be read from each level of memory" if bandwidths else ""
    reading = (
        "Across: MACs a byte of operands and results; up: GMAC/s. Level line: the kernel's own step in registers"
        f"{slopes}."
    )
    caption.write(figure, points, header, reading, doubt="White dots:")
    figure.draw_without_rendering()  # so that it is known how far dots lie apart
    for ax, mine in drawn:
        _number_dots(ax, mine)
        _name_slopes(ax, mine, bandwidths)
    return figure


def _key(place: pd.DataFrame) -> str:
    """The numbers of the layers."""
    words = [f"{number}\N{NO-BREAK SPACE}{style.shown(layer)}" for layer, number in _numbers(place).items()]
    return textwrap.fill("   ".join(words), int(_KEY_CHARACTERS_AN_INCH * width_in()))


def _numbers(place: pd.DataFrame) -> dict[str, int]:
    return {layer: i for i, layer in enumerate(dict.fromkeys(place["layer"]), start=1)}


def _draw_place(
    axes: NDArray[Any], place: pd.DataFrame, kernels: Mapping[str, Look], bandwidths: Sequence[Bandwidth]
) -> Iterator[tuple[Axes, pd.DataFrame]]:
    """Draw the panels of a place; yields those in use, with their points and the ``number`` of each."""
    numbered = place.assign(number=place["layer"].map(_numbers(place)))
    left, right = place["macs_per_byte"].min() / _BESIDE, place["macs_per_byte"].max() * _BESIDE
    for ax in axes.flat[len(kernels) :]:
        ax.set_axis_off()
    for ax, (kernel, look) in zip(axes.flat, kernels.items(), strict=False):
        points = numbered[numbered["kernel"] == kernel]
        bottom = min(points["gmacs_per_s"].min(), _roof(points) / _DEPTH) / _BELOW
        ax.set(xscale="log", yscale="log")
        ax.set(xlim=(left, right), ylim=(bottom, bottom * (_roof(points) / bottom) ** (1 / _ROOF)))
        _draw_kernel(ax, points, look.colour, bandwidths)
        name = style.broken(kernel, int(_CHARACTERS_AN_INCH * (width_in() / axes.shape[1] - _AXIS_IN)))
        ax.set_title(name, loc="left", fontsize=8.5, fontweight="bold", pad=3)
        yield ax, points


def _roof(points: pd.DataFrame) -> float:
    """The limit of a kernel; where there is none, its best point."""
    limit = float(points["peak_gmacs_per_s"].astype(float).median())
    return float(points["gmacs_per_s"].max()) if np.isnan(limit) else limit


def _draw_kernel(ax: Axes, points: pd.DataFrame, colour: str, bandwidths: Sequence[Bandwidth]) -> None:
    left, right = ax.get_xlim()
    for one in bandwidths:
        ends = np.array([left, min(_roof(points) / one.gbytes_per_s, right)])
        ax.plot(ends, ends * one.gbytes_per_s, color=MUTED, linewidth=0.8, linestyle=_LINES.get(one.level, "-"))
    if points["peak_gmacs_per_s"].notna().any():
        ax.hlines(_roof(points), left, right, color=INK, linewidth=1.0)
        label = f"{number(_roof(points))} GMAC/s"
        ax.annotate(label, (1, 1), (0, -6.5), "axes fraction", "offset points", fontsize=6.5, ha="right")
    faces = ["white" if status == Status.MISTRUSTED else colour for status in points["status"]]
    ax.scatter(points["macs_per_byte"], points["gmacs_per_s"], _DOT, c=faces, edgecolor=INK, linewidth=0.5, zorder=3)
    ax.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_locator(NullLocator())
    ax.grid(color=GRID, linewidth=0.6)
    ax.tick_params(length=0)
    ax.spines[["top", "right"]].set_visible(False)


def _number_dots(ax: Axes, points: pd.DataFrame) -> None:
    """The number of each dot at the panel's foot, in the order of the dots, with a stem up to it."""
    ordered = points.sort_values(["macs_per_byte", "gmacs_per_s"])
    dots = ordered[["macs_per_byte", "gmacs_per_s"]].to_numpy(np.float64)
    feet = _apart(ax, list(dots[:, 0]))
    for x, name in zip(feet, ordered["number"], strict=True):
        ax.text(x, _FOOT, str(name), transform=ax.get_xaxis_transform(), fontsize=_NUMBER, ha="center")
    above = ax.transAxes.transform((0, _FOOT))[1] + _NUMBER * ax.figure.dpi / 72
    foot = ax.transData.inverted().transform((ax.bbox.x0, above))[1]
    stems = np.stack([np.column_stack([feet, np.full(len(feet), foot)]), dots], axis=1)
    ax.add_collection(LineCollection(list(stems), colors=MUTED, linewidths=0.4), autolim=False)


def _name_slopes(ax: Axes, points: pd.DataFrame, bandwidths: Sequence[Bandwidth]) -> None:
    """The name of each level of memory, upright above the point where its slope meets the roof."""
    roof = _roof(points)
    left, right = ax.get_xlim()
    meeting = sorted((roof / one.gbytes_per_s, one.level) for one in bandwidths)
    seen = [(x, level) for x, level in meeting if left < x < right]
    for x, (_, level) in zip(_apart(ax, [x for x, _ in seen]), seen, strict=True):
        style: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "bottom", "fontsize": 6, "color": MUTED}
        ax.annotate(_SHORT.get(level, level), (x, roof), (0, 1.5), textcoords="offset points", **style)


def _apart(ax: Axes, xs: Sequence[float]) -> list[float]:
    """Ascending places moved as little as leaves room for labels between them."""
    if not len(xs):
        return []
    gap = min(_GAP * ax.figure.dpi / 72, ax.bbox.width / len(xs))
    gaps = np.arange(len(xs)) * gap
    pixels = ax.transData.transform([(x, ax.get_ylim()[0]) for x in xs])
    fitted = isotonic_regression(pixels[:, 0] - gaps).x + gaps
    pixels[:, 0] = np.clip(fitted, ax.bbox.x0 + gap / 2 + gaps, ax.bbox.x1 - gap / 2 - gaps[::-1])
    return [float(x) for x in ax.transData.inverted().transform(pixels)[:, 0]]
