"""The head of a figure: its title with the legend below it, as one, so that the layout keeps them apart."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from fatnn_bench.figures import style

__all__ = ["name", "write"]

#: Points of the labels, and the room that a letter and what stands beside a label take, in inches.
_SIZE, _LETTER_IN, _BESIDE_IN = 8.0, 0.06, 0.47


def write(figure: Figure, handles: Sequence[Artist], labels: Sequence[str], title: str) -> None:
    """Write the title and the legend, in as few lines as the width of the figure allows."""
    names = [style.shown(label) for label in labels]
    drawn = figure.legend(
        handles,
        ["" for _ in names],
        title=style.title(title),
        title_fontproperties={"size": style.TITLE, "weight": "bold"},
        alignment="left",
        loc="outside upper left",
        borderpad=0.2,
        ncols=_columns(names),
        frameon=False,
        fontsize=_SIZE,
        handlelength=1.8,
        handleheight=1.0,
        columnspacing=1.6,
    )
    name(drawn, names)


def name(legend: Legend, labels: Sequence[str]) -> None:
    """Name the entries of a legend, which leaves out those that it is given with a leading underscore."""
    for text, label in zip(legend.get_texts(), labels, strict=True):
        text.set_text(label)


def _columns(labels: Sequence[str]) -> int:
    """The columns of the fewest lines that fit, split as matplotlib does it."""
    needed = np.array([_LETTER_IN * len(label) + _BESIDE_IN for label in labels])
    for lines in range(1, len(labels)):
        columns = -(-len(labels) // lines)
        if sum(column.max() for column in np.array_split(needed, columns)) <= style.width_in():
            return columns
    return 1
