"""The look of every figure: one style, one order, one colour a precision, one hatch a way, one shade a kernel or stage.

Colours are Okabe and Ito's (https://jfly.uni-koeln.de/color/), which readers with any common colour blindness tell
apart. Neighbouring bars differ in lightness too, and hatches tell apart what a grey print makes alike.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fatnn_bench.comparison.kernels import Kernel
from fatnn_bench.printing.escaping import plain
from fatnn_bench.workload import precisions

__all__ = [
    "GRID",
    "INK",
    "LOSS",
    "MUTED",
    "RC",
    "TITLE",
    "Look",
    "Width",
    "broken",
    "ink_on",
    "lines",
    "looks",
    "margin_in",
    "panel_title",
    "rc",
    "shown",
    "speedup_axes",
    "stage_look",
    "title",
    "width_in",
]

LOSS = "#a33c00"  #: of a value below the baseline
GRID = "#e3e3e3"
INK = "#222222"
MUTED = "#6b6b6b"

#: matplotlib settings for all figures. Text stays text in SVG and PDF, so that it can be searched and edited.
RC: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "fatnn-bench",
    "pdf.fonttype": 42,
    "text.parse_math": False,  # names are text, whatever they hold
    "text.usetex": False,
}


#: Points of a title, and how many bold letters of that size an inch holds.
TITLE, _TITLE_CHARACTERS_AN_INCH = 11, 9.0
#: The same of a panel's title, which begins where its axis does.
_PANEL_CHARACTERS_AN_INCH = 10.0
#: The most characters of a name, and of a title or a caption, which are wrapped.
_MOST_NAME, _MOST_TEXT = 40, 600


class Width(StrEnum):
    """How much room there is."""

    SCREEN = "screen"
    COLUMN = "column"  #: one of a paper's two
    PAGE = "page"  #: both of them


_WIDTHS_IN = {Width.SCREEN: 10.0, Width.COLUMN: 3.4, Width.PAGE: 7.0}


def rc(width: Width) -> dict[Any, Any]:
    """Return matplotlib's settings for all figures of a width: all there are, so that a person's own do not count."""
    own = {name: value for name, value in mpl.rcParamsDefault.items() if not name.startswith("backend")}
    return own | RC | {"figure.figsize": (_WIDTHS_IN[width], 1.0)}


def title(text: str) -> str:
    """Return a figure's title, of size :data:`TITLE` and bold, in lines that it has room for."""
    return lines(text, _TITLE_CHARACTERS_AN_INCH)


def panel_title(text: str) -> str:
    """Return the title of a panel as wide as the figure, bold and of 9 points, in lines that it has room for."""
    return lines(text, _PANEL_CHARACTERS_AN_INCH)


def lines(text: str, characters_an_inch: float) -> str:
    """Return a text in lines as wide as the figure, none of which ends between a number and its threads."""
    held = re.sub(r"(\d) (thread)", "\\1\N{NO-BREAK SPACE}\\2", shown(text, _MOST_TEXT))
    filled = textwrap.fill(held, int(characters_an_inch * width_in()))
    return filled.replace("\N{NO-BREAK SPACE}", " ")


def shown(name: str, characters: int = _MOST_NAME) -> str:
    """Return a name, or another text of a file, as a figure has room for it: one line, and an ellipsis in its middle.

    Tables, and the CSV beside the figure, have it whole.
    """
    line = re.sub("[\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", plain(name))
    if len(line) <= characters:
        return line
    end = characters // 3
    return f"{line[: characters - end - 1]}…{line[-end:]}"


def margin_in(on_screen: float) -> float:
    """Return the height that title, legend and caption take, from the one on a screen: less width makes more lines."""
    return on_screen * (0.6 + 0.4 * _WIDTHS_IN[Width.SCREEN] / width_in())


def broken(name: str, characters: int) -> str:
    """Return a kernel's or a platform's name in lines of so many characters, broken where it has a hyphen or a dot."""
    found = [""]
    for part in re.findall(r"[.-]*[^.-]+[.-]*|[.-]+", shown(name)):
        if found[-1] and len(found[-1] + part) > characters:
            found.append("")
        found[-1] += part
    return "\n".join(found)


def width_in() -> float:
    """Return the width that the figure being drawn has, in inches; its height is its own affair."""
    width: float = mpl.rcParams["figure.figsize"][0]
    return width


def speedup_axes(ax: Axes) -> None:
    """What stands behind bars of speedups: a line at 1×, few ticks, and a grid across."""
    ax.axhline(1.0, color=INK, linewidth=0.7, zorder=3)
    ax.tick_params(length=0)
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    ax.grid(axis="y", color=GRID, linewidth=0.6)
    ax.spines[["top", "left", "right"]].set_visible(False)


@dataclass(frozen=True)
class Look:
    """How a kernel is drawn, everywhere.

    Hatches are of lines alone: SVG has a tile of an inch for each, and one full of dots is of up to half a megabyte.
    """

    colour: str
    hatch: str = ""


#: Of the precisions, from the most bits to the fewest.
_COLOURS = (
    *("#000000", "#4d4d4d", "#808080", "#909090", "#a0a0a0"),  # floats are greys
    *("#CC79A7", "#882255", "#D55E00", "#E69F00", "#0072B2", "#56B4E9", "#009E73", "#F0E442"),
)
_STRANGE_PRECISION = "#bbbbbb"
#: Of the ways that compete with the one which a precision has everywhere, which is solid.
_WAY_HATCHES = {"lookup": "////", "tensor": "xxxx", "tiles": "||||"}
_LIBRARY_HATCHES = {"blas": "++++", "torch": "///---", "onnxruntime": "----"}
_STRANGE_LIBRARY = "xx||"
#: The part of a precision's colour that is left from one of its kernels to the next.
_FADING = 0.78


def looks(kernels: Iterable[Kernel]) -> dict[str, Look]:
    """Return how to draw the kernels of a figure, in their order, by name.

    Each has the colour of its precision, fainter from one kernel of it to the next, and the hatch of its way or
    library.
    """
    found: dict[str, Look] = {}
    before: Counter[int] = Counter()
    for kernel in kernels:
        place = precisions.place(kernel.precision)
        colour = _COLOURS[place] if place < len(_COLOURS) else _STRANGE_PRECISION
        found[kernel.name] = Look(_faded(colour, _FADING ** before[place]), _hatch(kernel))
        before[place] += 1
    return found


def _hatch(kernel: Kernel) -> str:
    if kernel.library:
        return _LIBRARY_HATCHES.get(kernel.library, _STRANGE_LIBRARY)
    return _WAY_HATCHES.get(kernel.way or "", "")


def _faded(colour: str, left: float) -> str:
    """A colour of which so much is left: dark ones end in white, light ones in black."""
    end = 0.0 if _grey(colour) > _LIGHT else 1.0
    red, green, blue = (end + left * (part - end) for part in to_rgb(colour))
    return to_hex((red, green, blue))


#: Stages are shades of one blue, so that they are told apart in grey and taken for no kernel.
_STAGES = {
    "quantise": Look("#2f4258"),
    "product": Look("#9fbbd3"),
    "quantise and pack": Look("#2f4258"),
    "convolutions": Look("#9fbbd3"),
    "first convolution": Look("#5f83a6"),
    "pooling": Look("#c9d8e6", "////"),
    "pixels": Look("#46627f", "----"),
    "classifier": Look("#dfe8f0", "\\\\\\\\"),
    "in NumPy": Look("#8a8f96", "xxxx"),
    "rest": Look("#e9e9e9", "||||"),
    "fusion/overlap": Look("#ffffff", "//////"),
}
_STRANGE_STAGE = Look("#cfcfcf", "xxxx")


def stage_look(stage: str) -> Look:
    """Return how to draw a stage of a layer."""
    return _STAGES.get(stage, _STRANGE_STAGE)


#: From which grey on a colour is a light one.
_LIGHT = 0.45


def ink_on(colour: str) -> str:
    """Return the colour of text and of hatches on a colour: dark on light ones, white on dark ones."""
    return INK if _grey(colour) > _LIGHT else "#ffffff"


def _grey(colour: str) -> float:
    """What a colour becomes in grey, from 0 to 1 (ITU-R BT.601)."""
    return sum(weight * part for weight, part in zip((0.299, 0.587, 0.114), to_rgb(colour), strict=True))
