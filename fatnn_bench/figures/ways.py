"""Precision × way: how near each comes to the machine's limit, and whether ternary costs half of 2-bit in it."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fatnn_bench.comparison import way_shares
from fatnn_bench.comparison.kernels import kernels_of_table
from fatnn_bench.document import number
from fatnn_bench.figures import Options, caption, style
from fatnn_bench.figures.style import GRID, INK, MUTED, Look, ink_on, looks, width_in
from fatnn_bench.printing.footnotes import mark
from fatnn_bench.records.run import Header, Run
from fatnn_bench.workload import precisions, ways

__all__ = ["figure"]

#: Height of a bar's room, of a panel's title and axis, and of the figure's title and caption.
BAR_IN, PANEL_IN, MARGIN_IN = 0.2, 0.75, 0.75
BAR = 0.74  #: the share of its room that a bar fills
#: From which width on both panels stand side by side, and how wide they are then.
BESIDE_IN, RATIO = 6.0, (3, 2)
#: What FATNN claims: half the cost.
CLAIM = 2.0
#: Room right of a bar's end for its number: of the whole, and of the largest gain.
SHARE_ROOM, GAIN_ROOM = 1.2, 1.6
#: The share of the machine's limit that a number has room in, between a bar and the line beyond it.
LABEL = 0.24


def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]:
    """Return the table of :func:`fatnn_bench.comparison.way_shares.table` of a run, and the figure."""
    (run,) = runs
    shares = way_shares.table(run)
    return shares, _draw(shares, run.header)


def _draw(shares: pd.DataFrame, header: Header) -> Figure:
    places = [place for _, place in shares.groupby(caption.PLACE, sort=False, dropna=False)]
    beside = width_in() >= BESIDE_IN
    heights = [sum(_heights(place)) if not beside else max(_heights(place)) for place in places]
    drawn = Figure(figsize=(width_in(), sum(heights) + style.margin_in(MARGIN_IN)), layout="constrained")
    title = style.title("Ways of each precision against the machine's limit")
    drawn.suptitle(title, x=0.008, ha="left", size=style.TITLE, weight="bold")
    kernels = looks(kernels_of_table(shares))
    parts = drawn.subfigures(len(places), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, place in zip(parts, places, strict=True):
        _draw_place(part, place, kernels, beside)
    reading = (
        "Bars: share of the fastest limit that any way of the precision has, over all layers; lines: the most that the "
        "way itself could reach. Dots: gain with its 95% interval; dashed: FATNN's claim, half the cost of 2-bit."
    )
    caption.write(drawn, shares, header, reading)
    return drawn


def _heights(place: pd.DataFrame) -> tuple[float, float]:
    """Of the panel of shares and of that of gains, which may be empty."""
    counts = place["what"].value_counts()
    gains = counts.get(way_shares.GAIN, 0)
    return PANEL_IN + BAR_IN * counts[way_shares.SHARE], (PANEL_IN + 2 * BAR_IN * gains) * bool(gains)


def _draw_place(part: SubFigure, place: pd.DataFrame, kernels: dict[str, Look], beside: bool) -> None:
    part.suptitle(style.panel_title(caption.place_title(place.iloc[0])), x=0.008, ha="left", size=9, weight="bold")
    shares, gains = (place[place["what"] == what] for what in (way_shares.SHARE, way_shares.GAIN))
    if not len(gains):
        axes = [part.subplots()]
    elif beside:
        axes = list(part.subplots(1, 2, width_ratios=RATIO))
    else:
        axes = list(part.subplots(2, 1, height_ratios=_heights(place)))
    _draw_shares(axes[0], shares, kernels)
    if len(gains):
        _draw_gains(axes[1], gains, kernels)


def _draw_shares(ax: Axes, shares: pd.DataFrame, kernels: dict[str, Look]) -> None:
    for y, row in enumerate(shares.to_dict(orient="records")):
        look = kernels[row["kernel"]]
        ax.barh(
            y,
            row["value"],
            BAR,
            color=look.colour,
            hatch=look.hatch,
            edgecolor=ink_on(look.colour),
            linewidth=0,
            zorder=2,
        )
        ax.vlines(row["most"], y - BAR / 2, y + BAR / 2, color=INK, linewidth=1.1, zorder=4)
        end = row["value"] if row["most"] - row["value"] > LABEL else max(row["value"], row["most"])
        _number(ax, end, y, f"{row['value']:.0%}{mark(row['status'])}")
    names = [_way(row) for row in shares.to_dict(orient="records")]
    ax.set_yticks(range(len(names)), names)
    ax.set_xlim(0, max(1.0, shares["value"].max(), shares["most"].max()) * SHARE_ROOM)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    _finish(ax, len(names), "share of the machine's limit")


def _draw_gains(ax: Axes, gains: pd.DataFrame, kernels: dict[str, Look]) -> None:
    rows: list[dict[Any, Any]] = gains.to_dict(orient="records")
    for y, row in enumerate(rows):
        if pd.notna(row["low"]):
            ax.hlines(y, row["low"], row["high"], color=INK, linewidth=0.9, zorder=3)
        ax.plot(row["value"], y, "o", color=kernels[row["kernel"]].colour, markeredgecolor=INK, markersize=5, zorder=4)
        word = "" if row["way"] == way_shares.BEST else " holds" if row["high"] >= CLAIM else " falls short"
        text = f"{number(row['value'])}×{mark(row['status'])}{word}"
        _number(ax, max(row["value"], row["high"]), y, text)
    ax.axvline(1, color=INK, linewidth=0.7)
    ax.axvline(CLAIM, color=MUTED, linewidth=0.8, linestyle="--")
    ax.set_yticks(range(len(rows)), map(_pair, rows))
    ax.set_xlim(0, max(CLAIM, gains["value"].max()) * GAIN_ROOM)
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    _finish(ax, len(rows), "ternary over 2-bit")


def _finish(ax: Axes, rows: int, title: str) -> None:
    ax.set_title(title, loc="left", fontsize=8)
    ax.set_ylim(rows - 0.45, -0.55)
    ax.tick_params(length=0)
    ax.tick_params(axis="y", labelsize=7)
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


def _number(ax: Axes, x: float, y: int, text: str) -> None:
    ax.annotate(
        text,
        (x, y),
        (4, 0),
        textcoords="offset points",
        va="center",
        fontsize=6.5,
        zorder=5,
        bbox={"facecolor": "white", "linewidth": 0, "pad": 0.5},
    )


def _way(row: dict[Any, Any]) -> str:
    """``ternary by look-up``; the kernel where its way is not known."""
    if not isinstance(row["way"], str):
        return style.shown(row["kernel"])
    return f"{precisions.words(row['precision'])} {ways.words(row['way'])}"


def _pair(row: dict[Any, Any]) -> str:
    if row["way"] == way_shares.BEST:
        return f"best of each:\n{row['kernel']},\n{row['beside']}"
    return ways.words(row["way"]) if isinstance(row["way"], str) else f"{row['kernel']},\n{row['beside']}"
