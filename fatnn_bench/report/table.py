"""The rows of a report's table: what a person reads, and what the page sorts by."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from fatnn_bench.comparison import compare
from fatnn_bench.comparison.compare_runs import labels
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.document import number
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.printing import footnotes
from fatnn_bench.records.run import Run

__all__ = ["COLUMNS", "Cell", "Line", "columns", "lines", "long"]

#: More rows than this would make a page that browsers read slowly.
MOST_ROWS = 5000
#: Headings, and whether a column holds numbers; what a person looks for first comes first, for narrow screens.
COLUMNS = (
    ("layer", False),
    ("kernel", False),
    ("speedup", True),
    ("95% interval", True),
    ("verdict", False),
    ("time, ms", True),
    ("GMAC/s", True),
    ("status", False),
    ("M×N×K", True),
    ("scope", False),
    ("network", False),
    ("run", False),
)
#: Columns that are left out where all their cells are alike.
_ONLY_IF_SEVERAL = ("scope", "network", "run")


@dataclass(frozen=True)
class Cell:
    """A cell: its text, and the key that it is sorted by."""

    text: str
    key: str


@dataclass(frozen=True)
class Line:
    """A row of the table, and what it is filtered by."""

    cells: dict[str, Cell]  #: by column
    kernel: str
    network: str
    status: str
    reason: str


def long(runs: Sequence[Run], baseline: str | None = None) -> pd.DataFrame:
    """Return the speedups of runs, as many as a page can hold, with a first column ``run``.

    Errors are those of :func:`compare.speedups`, where no run has anything to compare.
    """
    tables, last = [], None
    for label, run in zip(labels(runs) if len(runs) > 1 else [""], runs, strict=True):
        try:
            table = compare.speedups(run, baseline)
        except NothingComparableError as error:
            last = error
            continue
        table.insert(0, "run", label or run.header.platform)
        tables.append(table)
        if sum(map(len, tables)) >= MOST_ROWS:
            break
    if not tables:
        assert last is not None
        raise last
    return pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]


def lines(table: pd.DataFrame) -> list[Line]:
    """Return the lines of a :func:`long` table, as many as a page can hold."""
    return [_line(row) for row in cast(list[dict[str, Any]], table.head(MOST_ROWS).to_dict(orient="records"))]


def columns(shown: Sequence[Line]) -> list[tuple[str, bool]]:
    """Return those of :data:`COLUMNS` that tell the lines apart."""
    return [
        (name, numeric)
        for name, numeric in COLUMNS
        if name not in _ONLY_IF_SEVERAL or len({line.cells[name].text for line in shown}) > 1
    ]


def _line(row: dict[str, Any]) -> Line:
    network = row["network"] if isinstance(row["network"], str) else ""
    gain = Gain(row["speedup"], row["low"], row["high"])
    size = [int(row[name]) for name in "mnk" if pd.notna(row[name])]
    known = pd.notna(gain.low)
    doubt = footnotes.mark(row["status"], row["baseline_status"] or "")
    cells = {
        "layer": _word(str(row["layer"]) + (f" ×{row['count']}" if row["count"] > 1 else "")),
        "kernel": _word(row["kernel"]),
        "speedup": _number(row["speedup"], lambda value: f"{number(value)}×{doubt}"),
        "95% interval": Cell(f"[{number(gain.low)}, {number(gain.high)}]" if known else "—", str(gain.low) * known),
        "verdict": _word(row["verdict"] if isinstance(row["verdict"], str) else "—"),
        "time, ms": _number(row["median_s"], lambda value: f"{value * 1e3:#.3g}".rstrip(".")),
        "GMAC/s": _number(row["gmacs_per_s"], number),
        "status": _word(row["status"]),
        "M×N×K": Cell("×".join(map(str, size)), str(math.prod(size))),
        "scope": _word(f"{row['scope']}@{row['threads']}"),
        "network": _word(network),
        "run": _word(row["run"]),
    }
    return Line(cells, row["kernel"], network, row["status"], row["reason"] or "")


def _word(text: Any) -> Cell:
    return Cell(str(text), str(text))


def _number(value: Any, write: Callable[[float], str]) -> Cell:
    return Cell("—", "") if pd.isna(value) else Cell(write(value), repr(float(value)))
