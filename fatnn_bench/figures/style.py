"""The look of every figure: one style, one order, one colour and one hatch a kernel, one shade a stage.

Colours are Okabe and Ito's (https://jfly.uni-koeln.de/color/), which readers with any common colour blindness tell
apart. Neighbouring bars differ in lightness too, and hatches tell apart what a grey print makes alike.
"""

import re
import textwrap
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fatnn_bench.printing.escaping import plain

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
    "look",
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


_LOOKS = {
    "float32": Look("#000000"),
    "int8": Look("#CC79A7"),
    "two-bit": Look("#D55E00", "////"),
    "ternary-naive": Look("#56B4E9", "||||"),
    "ternary-fatnn": Look("#0072B2"),
    "ternary-gated-xnor": Look("#E69F00", "\\\\\\\\"),
    "ternary-binary": Look("#009E73", "xxxx"),
    "binary": Look("#F0E442"),
}

#: Other libraries' kernels have the colour of their precision, and the library's hatch.
_LIBRARY_HATCHES = {"blas": "++++", "torch": "///---", "onnxruntime": "----"}
_STRANGE_LIBRARY = "xx||"
_STRANGE_PRECISION = Look("#bbbbbb", "++xx")


def look(kernel: str) -> Look:
    """Return how to draw a kernel; another library's, ``torch.int8``, has the colour of its precision."""
    library, _, precision = kernel.rpartition(".")
    base = _LOOKS.get(precision, _STRANGE_PRECISION)
    return Look(base.colour, _LIBRARY_HATCHES.get(library, _STRANGE_LIBRARY)) if library else base


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


def ink_on(colour: str) -> str:
    """Return the colour of text on a colour: dark on light ones, white on dark ones."""
    grey = sum(weight * part for weight, part in zip((0.299, 0.587, 0.114), to_rgb(colour), strict=True))
    return INK if grey > 0.45 else "#ffffff"
