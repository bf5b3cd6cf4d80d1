"""Results as CSV and Parquet: a row a case, every field, in full precision; and that CSV as results.

What a row does not say of where it comes from is in columns of its own: ``run.platform``, ``run.created`` and
``run.machine``. Lists are JSON.
"""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from fatnn_bench.errors import UserError
from fatnn_bench.files import csvfile, gate, wholefile
from fatnn_bench.records.identity import counting
from fatnn_bench.records.run import NESTED, Header, Row, Run

__all__ = ["from_csv", "to_csv", "to_parquet"]

_ROW = TypeAdapter(Row)
#: Fields that are text, whatever they look like.
_TEXT = {"case", "kernel", "network", "scope", "status", "reason", "block", "stopped", "limit", "platform"}
_TEXT |= {"shape.name", "shape.kind", "shape.network", "run.platform", "run.created", "run.machine"}
_LEAST = ("case", "kernel", "scope", "threads", "status", "shape.name")


def to_csv(run: Run) -> str:
    """Return a run as CSV."""
    records = list(_records(run))
    columns = dict.fromkeys(name for record in records for name in record)
    cells = [{name: _cell(value) for name, value in record.items()} for record in records]
    how = csvfile.quoting(cell for row in cells for cell in row.values())
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n", quoting=how)
    writer.writeheader()
    writer.writerows(cells)
    return stream.getvalue()


def to_parquet(run: Run, output: Path) -> None:
    """Write a run as Parquet. Raises UserError if pyarrow is not installed, or the file cannot be written."""
    if find_spec("pyarrow") is None:
        raise UserError("pyarrow is not installed, and Parquet needs it; run pip install 'fatnn-bench[parquet]'")
    content = io.BytesIO()
    pd.DataFrame.from_records(list(_records(run))).to_parquet(content, index=False)
    wholefile.write(output, content.getvalue())


def from_csv(text: str, source: str) -> Run:
    """Return the run that :func:`to_csv` wrote.

    Raises
    ------
    UserError
        A column is missing, or a row is wrong; the message names its line.
    """
    rows: list[Row] = []
    origin: dict[str, Any] = {}
    for line, record in csvfile.records(text, source, _LEAST, "`convert --to csv` writes such files"):
        values = {name: _value(name, cell) for name, cell in record.items() if name and cell}
        origin = origin or {name: values.get(f"run.{name}") for name in ("platform", "created", "machine")}
        rows.append(_row(values, f"{source}, line {line}"))
    if not rows:
        raise UserError(f"{source} holds no row below its heading; `convert --to csv` writes such files")
    rows, notice = counting(rows)
    header = Header(
        created=origin.get("created") or "",
        platform=origin.get("platform") or "imported",
        command=[],
        seed=0,
        settings={},
        machine={"cpu": origin.get("machine")},
        software={},
        layers=list(dict.fromkeys(row.layer for row in rows)),
    )
    return Run(header, tuple(rows), (f"{source}: {notice}",) if notice else (), source)


def _records(run: Run) -> Iterator[dict[str, Any]]:
    header = run.header
    origin = {
        "run.platform": header.platform,
        "run.created": header.created,
        "run.machine": header.machine.get("cpu"),
    }
    for row in run.rows:
        yield row.flat() | origin


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict | bool) else csvfile.guarded(value)


def _value(name: str, cell: str) -> Any:
    if name not in _TEXT:
        with suppress(ValueError):
            return gate.parsed(cell)
    return cell


def _row(values: dict[str, Any], place: str) -> Row:
    fields: dict[str, Any] = {"network": None, "shape": {}}
    for name, value in values.items():
        outer, _, inner = name.partition(".")
        if inner and outer in NESTED:
            fields.setdefault(outer, {})[inner] = value
        else:
            fields[name] = value
    for name in (name for name in _LEAST if name not in values):
        raise UserError(f"{place}, {name}: found nothing, expected a value; mend it")
    return gate.validated(_ROW, fields, place, "mend it")
