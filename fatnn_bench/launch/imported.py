"""The kind ``imported``: another's table of times, a CSV, stands beside one's own rows.

Its columns are ``platform``, ``network``, ``layer``, ``kernel`` and ``ms``; others are ignored. Kernels that the suite
does not have come along with the layers asked for, under the names that the table gives them.
"""

import csv
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from fatnn_bench import machine
from fatnn_bench.errors import UserError
from fatnn_bench.harness.worker import Request
from fatnn_bench.platforms import ImportedPlatform
from fatnn_bench.results.records import Row, Status, unmeasured
from fatnn_bench.workload.cases import Case

_COLUMNS = ("platform", "network", "layer", "kernel", "ms")


@dataclass(frozen=True)
class _Entry:
    kernel: str
    seconds: float
    line: int  #: of the file


def events(platform: ImportedPlatform, request: Request) -> Generator[dict[str, Any]]:
    """Say what the table has of every case; see :func:`fatnn_bench.launch.events`.

    Raises
    ------
    UserError
        The table cannot be read or is wrong; the message names the line.
    """
    table = _read(Path(platform.file), platform.row_platform)
    yield {"event": "ready", "machine": _machine(platform), "software": machine.software()}
    for layer, group in groupby(request.cases, key=lambda case: case.layer.full_name):
        yield {"event": "layer", "name": layer}
        for row in _rows(platform, list(group), table.get(layer, {})):
            yield {"event": "row", "row": row.to_json()}
    yield {"event": "done"}


def obstacle(platform: ImportedPlatform) -> str:
    """Return what is missing: the file."""
    return "" if Path(platform.file).is_file() else f"there is no table {platform.file}; correct `file`"


def _rows(platform: ImportedPlatform, cases: list[Case], known: dict[str, _Entry]) -> Iterator[Row]:
    kernels = {case.kernel for case in cases}
    strangers = [replace(cases[0], kernel=kernel) for kernel in known if kernel not in kernels]
    for case in (*cases, *strangers):
        if case.scope != platform.scope:
            yield unmeasured(case, Status.SKIPPED, f"the table is of scope {platform.scope}, not {case.scope}")
        elif case.kernel not in known:
            yield unmeasured(case, Status.SKIPPED, f"{platform.file} has no {case.kernel} on {case.layer.full_name}")
        else:
            yield _imported(platform, case, known[case.kernel])


def _imported(platform: ImportedPlatform, case: Case, entry: _Entry) -> Row:
    source = f"{platform.source} ({Path(platform.file).name}, line {entry.line}); not measured here"
    return replace(
        unmeasured(case, Status.IMPORTED, source),
        median_s=entry.seconds,
        gmacs_per_s=case.layer.macs / entry.seconds * 1e-9,
    )


def _read(path: Path, platform: str) -> dict[str, dict[str, _Entry]]:
    """The table's rows of a platform: by the full name of the layer, and by kernel."""
    found: dict[str, dict[str, _Entry]] = {}
    others: dict[str, None] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if absent := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
                raise UserError(f"{path}, line 1: no column {', '.join(absent)}; expected {', '.join(_COLUMNS)}")
            for record in reader:
                others[record["platform"]] = None
                if record["platform"] == platform:
                    layer = ".".join(filter(None, (record["network"], record["layer"])))
                    seconds = _seconds(path, reader.line_num, record["ms"])
                    found.setdefault(layer, {})[record["kernel"]] = _Entry(record["kernel"], seconds, reader.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {path}: {error}; name a CSV file in UTF-8") from error
    if not found:
        raise UserError(f"{path} has no row of platform {platform!r}; it has {', '.join(others) or 'none'}")
    return found


def _seconds(path: Path, line: int, text: str | None) -> float:
    try:
        ms = float(text or "")
    except ValueError:
        ms = 0.0
    if not 0 < ms < float("inf"):
        raise UserError(f"{path}, line {line}, ms: found {text!r}, expected a time above 0, in milliseconds")
    return ms * 1e-3


def _machine(platform: ImportedPlatform) -> dict[str, Any]:
    return {"cpu": f"{platform.row_platform}, as {platform.source} has it", "source": platform.source}
