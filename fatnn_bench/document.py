"""What a command has to say, as tables of text and as data, before any format is chosen for it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

__all__ = ["NOTHING", "Document", "Sheet", "number"]

#: Stands where there is nothing to say.
NOTHING = "—"


@dataclass(frozen=True)
class Sheet:
    """One table."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    closing: tuple[tuple[str, ...], ...] = ()  #: totals, below a rule
    notes: tuple[str, ...] = ()  #: below the table
    keys: int = 1  #: how many leading columns say what a row is about; the rest are values


@dataclass(frozen=True)
class Document:
    """What a command prints."""

    sheets: tuple[Sheet, ...]
    long: pd.DataFrame  #: a row a case, all columns, full precision: the CSV
    data: dict[str, Any]  #: the JSON; a table in it is a list of its rows there
    heading: tuple[tuple[str, str], ...] = ()  #: names and values above the tables


def number(value: float) -> str:
    """Write a positive number in at most four characters below 10,000: ``0.85``, ``12.3``, ``118``."""
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f}"
