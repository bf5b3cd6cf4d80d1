"""The kind ``imported``: another's table of times, a CSV, stands beside one's own rows.

Its columns are ``platform``, ``network``, ``layer``, ``kernel`` and ``ms``; others are ignored. Kernels that the suite
does not have come along with the layers asked for, under the names that the table gives them, whatever signs these
hold. A kernel stands on a layer once.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fatnn_bench import machine
from fatnn_bench.errors import UserError
from fatnn_bench.files import csvfile, gate
from fatnn_bench.harness.events import Event, Ready
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import in_process
from fatnn_bench.platforms import ImportedPlatform
from fatnn_bench.records.run import Row, Status, unmeasured
from fatnn_bench.workload.cases import Case

_COLUMNS = ("platform", "network", "layer", "kernel", "ms")
#: The longest name of a kernel.
_MOST_CHARACTERS = 1000
_SECONDS = TypeAdapter(gate.Seconds)


@dataclass(frozen=True)
class _Entry:
    seconds: float
    line: int  #: of the file


def events(platform: ImportedPlatform, request: Request) -> Generator[Event]:
    """Say what the table has of every case; see :func:`fatnn_bench.launch.events`.

    Raises
    ------
    UserError
        The table cannot be read or is wrong; the message names the line.
    """
    table = _read(Path(platform.file), platform.row_platform)
    return in_process.told(
        Ready(_machine(platform), machine.software()),
        request,
        lambda layer, cases: _rows(platform, cases, table.get(layer, {})),
    )


def obstacle(platform: ImportedPlatform) -> str:
    """Return what is missing: the file."""
    return "" if gate.is_file(Path(platform.file)) else f"there is no table {platform.file}; correct `file`"


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
    text = gate.text(path, "correct `file`, which names a CSV table")
    for line, cells in csvfile.records(text, str(path), _COLUMNS, f"expected {', '.join(_COLUMNS)}"):
        others[cells["platform"]] = None
        if cells["platform"] != platform:
            continue
        kernel, layer = cells["kernel"], ".".join(filter(None, (cells["network"], cells["layer"])))
        if not 0 < len(kernel) <= _MOST_CHARACTERS:
            raise UserError(
                f"{path}, line {line}, kernel: found {gate.brief(kernel)}, expected 1 to {_MOST_CHARACTERS} characters"
            )
        if twin := found.setdefault(layer, {}).get(kernel):
            raise UserError(
                f"{path}, line {line}: line {twin.line} has {gate.brief(kernel)} on {gate.brief(layer)} as well; "
                "keep one of them"
            )
        found[layer][kernel] = _Entry(_seconds(path, line, cells["ms"]), line)
    if not found:
        raise UserError(f"{path} has no row of platform {platform!r}; it has {', '.join(others) or 'none'}")
    return found


def _seconds(path: Path, line: int, text: str) -> float:
    try:
        return _SECONDS.validate_python((csvfile.number(text) or 0.0) * 1e-3)
    except ValidationError:
        expected = "expected a time above 0, in milliseconds"
        raise UserError(f"{path}, line {line}, ms: found {gate.brief(text)}, {expected}") from None


def _machine(platform: ImportedPlatform) -> dict[str, Any]:
    return {"cpu": f"{platform.row_platform}, as {platform.source} has it", "source": platform.source}
