"""Rows as a table of plain columns: what is nested in a row is named with a dot, such as ``shape.m``."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from fatnn_bench.records.run import Row

__all__ = ["NESTED", "flat", "frame"]

#: The fields of a row that hold fields of their own.
NESTED = ("shape", "stages_s", "codegen")


def flat(row: Row) -> dict[str, Any]:
    """Return the fields of a row, in its order; those that are nested, one by one."""
    plain: dict[str, Any] = {}
    for name, value in vars(row).items():
        if name in NESTED:
            plain |= {f"{name}.{key}": part for key, part in (value or {}).items()}
        elif name != "kind":
            plain[name] = value
    plain["status"] = row.status.value
    return plain


def frame(rows: Iterable[Row]) -> pd.DataFrame:
    """Return the rows as a DataFrame, a column a field."""
    return pd.DataFrame.from_records([flat(row) for row in rows])
