"""CSV as people and spreadsheets write it: a heading, then rows of as many cells, in UTF-8, with commas.

A spreadsheet takes a cell that begins like a formula for one, and runs it: what is written is guarded by an apostrophe,
which it does not show, and what is read has lost it again.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from fatnn_bench.errors import UserError
from fatnn_bench.files import gate

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["guarded", "number", "quoting", "records", "table", "unguarded"]

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
#: What begins like a formula, behind the apostrophes of names that begin with them anyhow.
_FORMULA = re.compile(r"'*(\s*[=+@\-\uff1d\uff0b\uff20\uff0d]|[\t\r\n])")


def guarded(cell: Any) -> Any:
    """Return a cell so that no spreadsheet takes its text for a formula; what is no text is left as it is."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Return the text that :func:`guarded` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def quoting(cells: Iterable[Any]) -> Literal[0, 2]:
    """Return how cells have to be quoted: Python's writer forgets a carriage return where lines end without one."""
    held = any(isinstance(cell, str) and "\r" in cell for cell in cells)
    return csv.QUOTE_NONNUMERIC if held else csv.QUOTE_MINIMAL


def table(rows: "pd.DataFrame") -> str:
    """Return a table as CSV, its text guarded."""
    text = {name: rows[name].map(guarded) for name in rows.select_dtypes(include=["object", "string"]).columns}
    how = quoting(cell for column in text.values() for cell in column)
    return rows.assign(**text).to_csv(index=False, lineterminator="\n", quoting=how)


def records(text: str, source: str, columns: Collection[str], instead: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table: the line where each ends, and its cells by column. Empty lines are passed over.

    Parameters
    ----------
    text
        The table, without a byte order mark.
    source, columns
        The file, for messages; the columns that it must have.
    instead
        What to do if it has not, to end the sentence.

    Raises
    ------
    UserError
        A column is missing or named twice, a quote is not closed, or a row has not as many cells as the heading.
    """
    csv.field_size_limit(gate.MOST_BYTES)  # a cell may hold every sample of a row
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        heading = next(rows, [])
        if absent := [name for name in columns if name not in heading]:
            raise UserError(f"{source}, line 1: no column {', '.join(absent)}; {instead}")
        if twice := {name for name in heading if heading.count(name) > 1}:
            raise UserError(f"{source}, line 1: two columns are named {gate.brief(min(twice))}; {instead}")
        for row in rows:
            if row and len(row) != len(heading):
                raise UserError(
                    f"{source}, line {rows.line_num}: {len(row)} cells where the heading has {len(heading)}; put cells "
                    "that hold a comma in quotes"
                )
            if row:
                yield rows.line_num, dict(zip(heading, map(unguarded, row), strict=True))
    except csv.Error as error:
        raise UserError(f"{source}, line {rows.line_num}: no CSV ({error}); {instead}") from error


def number(cell: str) -> float | None:
    """Return the decimal number in a cell; None if it holds anything else, such as ``1_000`` or ``nan``."""
    return float(cell) if _NUMBER.fullmatch(cell) else None
