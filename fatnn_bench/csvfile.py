"""Reading CSV as people and spreadsheets write it: a heading, then rows of as many cells, in UTF-8, with commas."""

import csv
import io
import re
from collections.abc import Collection, Iterator

from fatnn_bench import gate
from fatnn_bench.errors import UserError

__all__ = ["number", "records"]

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


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
                yield rows.line_num, dict(zip(heading, row, strict=True))
    except csv.Error as error:
        raise UserError(f"{source}, line {rows.line_num}: no CSV ({error}); {instead}") from error


def number(cell: str) -> float | None:
    """Return the decimal number in a cell; None if it holds anything else, such as ``1_000`` or ``nan``."""
    return float(cell) if _NUMBER.fullmatch(cell) else None
