"""The results file: JSON Lines, a header and then a row a case, each on the disk the moment it is known.

Killed at any time, the file holds every row written before. A line torn by the kill is left out on reading, with a
warning.
"""

import difflib
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter

from fatnn_bench.errors import UserError
from fatnn_bench.files import gate
from fatnn_bench.records.identity import counting
from fatnn_bench.records.journal import Journal
from fatnn_bench.records.run import SCHEMA, Header, Noise, Row, Run, consistent, in_order

#: Decimals of a sample in seconds: the clock's nanosecond and four more, which loops of calls a sample resolve.
SAMPLE_DECIMALS = 9 + 4

_HEADER = TypeAdapter(Header)
_ROW = TypeAdapter(Annotated[Row, AfterValidator(consistent)])
_NOISE = TypeAdapter(Noise)
_MEND = "delete the line, or mend it"
_UNWRITTEN = "no results file holds that, and it is not written; correct where it comes from"
#: The most of a file that is read to see whether it is a results file: headers have a few thousand bytes.
_LONGEST_LINE = 2**20


def default_path(platform: str, now: datetime) -> Path:
    """Return ``results/<platform>/<UTC time>.jsonl`` for a run started at ``now``, which knows its time zone."""
    return Path("results") / platform / f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.jsonl"


class Writer(Journal):
    """A results file open for writing, as a context manager: :meth:`begin` it with a header, then :meth:`write` rows.

    A file that holds no row in the end is not kept.

    Parameters and errors are those of :class:`~fatnn_bench.records.journal.Journal`.
    """

    def begin(self, header: Header) -> None:
        """Write the header. Raises UserError, and nothing is written, if :func:`read` would refuse it."""
        self.append(_line(header))

    def write(self, record: Row | Noise) -> None:
        """Append a row, or what a block's noise was, and see it onto the disk.

        What :func:`read` would refuse, a NaN say, raises UserError, and nothing is written.
        """
        self.append(_line(record))
        self.keep |= isinstance(record, Row)


def lines(run: Run) -> Iterator[dict[str, Any]]:
    """Yield what a results file of a run holds, a JSON object a line. Raises UserError for what none may hold."""
    yield _line(run.header)
    yield from map(_line, run.rows)
    yield from map(_line, run.noise)


def save(run: Run, output: Path) -> None:
    """Write a run to a results file, whole. Raises UserError if it cannot be written, or exists."""
    with Journal(output) as journal:
        journal.fill(lines(run))


def _line(record: Header | Row | Noise) -> dict[str, Any]:
    """The JSON object of a record, which passes the gate as it will when it is read."""
    line = record.to_json()
    if isinstance(record, Row):
        line["samples_s"] = [round(sample, SAMPLE_DECIMALS) or sample for sample in record.samples_s]
        gate.validated(_ROW, line, f"the row of {gate.brief(record.case)}", _UNWRITTEN)
    elif isinstance(record, Noise):
        gate.validated(_NOISE, line, "the noise of a block", _UNWRITTEN)
    else:
        gate.validated(_HEADER, line, "the header", _UNWRITTEN)
    return line


def read(path: Path) -> Run:
    """Read a results file.

    Parameters
    ----------
    path
        The file, or a folder: then the newest run in it, or in the folders below it.

    Returns
    -------
    Run
        Its rows are in the order of the header's layers. A torn last line, and all but the last row of a case, are
        left out and named in ``warnings``.

    Raises
    ------
    UserError
        If there is no such file, it is not a results file, a newer fatnn-bench wrote it, or a line is broken that is
        not the last.
    """
    file = _newest(path) if gate.is_folder(path) else path
    return parsed(_content(file), str(file))


def parsed(content: bytes, file: str) -> Run:
    """Return the run that the content of a results file of this name holds; see :func:`read`."""
    lines = _lines(content, file)
    header = _header(file, lines[0])
    rows: list[Row] = []
    noise: list[Noise] = []
    warnings: list[str] = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            record = gate.parsed(line)
        except ValueError as error:
            if number < len(lines):
                raise UserError(f"{file}, line {number}: not JSON ({error}); delete the line, or mend it") from error
            warnings.append(f"{file}, line {number}: the last line is torn, as by a kill, and is left out")
            continue
        if not isinstance(record, dict) or record.get("kind") in (None, "header"):
            raise UserError(f"{file}, line {number}: expected a row; keep one run, with one header, in a file")
        if record["kind"] == "row":
            rows.append(gate.validated(_ROW, record, f"{file}, line {number}", _MEND))
        elif record["kind"] == "noise":  # other kinds of line are a newer minor version's
            noise.append(gate.validated(_NOISE, record, f"{file}, line {number}", _MEND))
    counted, notice = counting(rows)
    if notice:
        warnings.append(f"{file}: {notice}")
    return Run(header, in_order(counted, header.layers), tuple(warnings), file, tuple(noise))


def _content(file: Path) -> bytes:
    if not os.path.lexists(file):
        near = difflib.get_close_matches(file.name, _beside(file), n=1, cutoff=0.5)
        hint = f"did you mean {file.parent / near[0]}?" if near else "`fatnn-bench run` makes one"
        raise UserError(f"there is no results file {file}; {hint}")
    return gate.content(file, "name a results file", gate.MOST_BYTES_OF_LINES)


def _beside(file: Path) -> list[str]:
    """What lies where a file was looked for, as far as it can be looked into."""
    with suppress(OSError):
        return os.listdir(file.parent)
    return []


def _lines(content: bytes, file: str) -> list[bytes]:
    content = content.rstrip()
    if not content:
        raise UserError(f"{file} is empty: its run was stopped before it began; name another results file")
    return content.split(b"\n")


def _header(file: str, line: bytes) -> Header:
    try:
        record = gate.parsed(line)
    except ValueError:
        record = None
    if not isinstance(record, dict) or record.get("kind") != "header" or not isinstance(record.get("schema"), int):
        raise UserError(f"{file} is not a results file: its first line is not a header; name a .jsonl file of `run`")
    if record["schema"] > SCHEMA:
        raise UserError(
            f"{file} has results schema {record['schema']}, this fatnn-bench reads up to {SCHEMA}; upgrade fatnn-bench"
        )
    return gate.validated(_HEADER, record, f"{file}, line 1", _MEND)


def _newest(folder: Path) -> Path:
    """Return the run created last. Files' own times do not tell: a git clone makes them all alike."""
    created: dict[Path, str] = {}
    for file in sorted(_below(folder)):
        with suppress(UserError):  # some other file
            line, _, _ = gate.beginning(file, "", _LONGEST_LINE).partition(b"\n")
            created[file] = _header(str(file), line).created
    if not created:
        raise UserError(f"no results file lies in {folder}; `fatnn-bench run` makes one")
    return max(created, key=created.__getitem__)


def _below(folder: Path) -> Iterator[Path]:
    """What may be results files, in a folder and below it, as far as it can be looked into."""
    for top, _, names in os.walk(folder):
        yield from (Path(top, name) for name in names if name.endswith(".jsonl"))
