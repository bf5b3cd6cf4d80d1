"""What cells are made of: numbers as a table has room for, and the rows of a frame as plain values."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from fatnn_bench.document import NOTHING, number

__all__ = ["dicts", "grouped", "milliseconds", "number_or_dash"]


def milliseconds(seconds: Any) -> str:
    if pd.isna(seconds):
        return NOTHING
    return f"{seconds * 1e3:#.3g}".rstrip(".") if seconds < 0.9995 else f"{seconds * 1e3:.0f}"


def number_or_dash(value: Any) -> str:
    return NOTHING if pd.isna(value) else number(value)


def grouped(rows: Iterable[dict[str, Any]], *names: str) -> list[list[dict[str, Any]]]:
    """Return the rows that are equal in what is named, in the order of the first of each."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return list(groups.values())


def dicts(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain values: as ``to_dict``, which reads texts out of a column one by one."""
    columns = [table[name].to_numpy(object).tolist() for name in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]
