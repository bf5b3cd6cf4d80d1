"""The line below a figure, and the names of places and layers in it: which machine, when, what the clock saw."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from fatnn_bench.comparison.kernels import Kernel
from fatnn_bench.figures.style import MUTED, lines, shown
from fatnn_bench.printing.footnotes import DOUBT
from fatnn_bench.records import provenance
from fatnn_bench.records.run import Header, Row, Status
from fatnn_bench.workload import precisions

__all__ = ["BEST_WAYS", "PLACE", "layer_title", "note", "place_title", "row_columns", "series", "write"]

#: The columns that say where kernels may stand in one picture.
PLACE = ["platform", "network", "scope", "threads"]
#: What a figure says that was asked for no more.
BEST_WAYS = " Of each precision, its best way here; --ways draws all kernels."
_CHARACTERS_AN_INCH = 17.5
#: The most characters of a layer's name, which stands in a narrow panel, and of a machine's, which is wrapped.
_LAYER, _MACHINE = 28, 120


def row_columns(row: Row, layer: str) -> dict[str, Any]:
    """Return the columns that every table behind a figure begins with."""
    return {
        "platform": row.platform,
        "network": row.network,
        "layer": layer,
        **{name: row.shape.get(name) for name in ("m", "n", "k")},
        "count": row.shape.get("count", 1),
        "scope": row.scope,
        "threads": row.threads,
        "case": row.case,
        "kernel": row.kernel,
        "precision": precisions.of(row),
        "way": row.way,
        "status": row.status.value,
    }


def series(kernels: Iterable[Kernel]) -> list[str]:
    """Return what a legend calls kernels: ``ternary (ternary-tiles)`` where no other of a precision is drawn."""
    kernels = list(kernels)
    alike = Counter(kernel.precision for kernel in kernels)
    return [
        f"{precisions.words(kernel.precision)} ({kernel.name})"
        if kernel.precision and alike[kernel.precision] == 1 and kernel.name != kernel.precision
        else kernel.name
        for kernel in kernels
    ]


def place_title(place: pd.Series) -> str:
    """Return the title of the panels of one place, from the columns of :data:`PLACE`."""
    names = [shown(name) for name in (place["network"], place["platform"]) if isinstance(name, str)] or ["GEMM"]
    return " · ".join([*names, provenance.place(place["scope"], place["threads"])])


def layer_title(row: pd.Series) -> tuple[str, str]:
    """Return a layer's name with its count, and its size; nothing for the size of a bare GEMM, which is its name."""
    count = f"  (×{row['count']})" if row["count"] > 1 else ""
    size = "×".join(str(row[name]) for name in "mnk")
    named = row["layer"] != size.replace("×", "x")
    return (f"{shown(row['layer'], _LAYER)}{count}", size) if named else (size, "")


def write(figure: Figure, table: pd.DataFrame, header: Header, reading: str, doubt: str = DOUBT) -> None:
    """Write the caption: machine, scopes and threads of the table, platform, time, and how to read the figure.

    ``doubt`` is what marks a mistrusted number in it.
    """
    places = (provenance.place(*pair) for pair in zip(table["scope"], table["threads"], strict=True))
    where = [
        shown(provenance.machine_name(header.machine), _MACHINE),
        f"platform {shown(header.platform)}",
        ", ".join(dict.fromkeys(places)),
        f"measured {shown(header.created)}",
    ]
    doubts = f" {doubt}\N{NO-BREAK SPACE}mistrusted." if (table["status"] == Status.MISTRUSTED).any() else ""
    note(figure, " · ".join(where) + f". {reading}{doubts}")


def note(figure: Figure, sentence: str) -> None:
    """Write a caption of one's own words."""
    figure.supxlabel(lines(sentence, _CHARACTERS_AN_INCH), x=0.008, ha="left", fontsize=7, color=MUTED, linespacing=1.4)
