"""The results file of an accuracy run: JSON Lines, a header and then a row a precision and seed."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter

from fatnn_bench.errors import UserError
from fatnn_bench.files import gate
from fatnn_bench.files.gate import Amount, Count, Fraction, Index, Label, Load, Rate, Text
from fatnn_bench.records.described import Machine, Software
from fatnn_bench.records.journal import Journal

#: Major version of the format. A reader refuses a file with a larger one.
SCHEMA = 1
T = TypeVar("T")
_MEND = "delete the line, or mend it"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What decides a run's result."""

    dataset: Label
    network: Label
    order: Label
    calibration: Annotated[bool, Field(strict=True)]
    precisions: Annotated[tuple[Label, ...], Field(max_length=1000)]
    seeds: Annotated[Count, Field(le=10_000)]  #: seeds 0 to seeds − 1
    epochs: Count  #: of the float network that all start from, and again of each precision
    learning_rate: Rate
    batch: Count
    threads: Count
    data: Text | None = None  #: the folder of the data set's files


@dataclass(frozen=True, kw_only=True)
class ImageShape:
    """What a network was trained on."""

    size: Count  #: height and width, pixels
    channels: Count


@dataclass(frozen=True, kw_only=True)
class AccuracyHeader:
    """The first line."""

    schema: int = SCHEMA
    created: Text  #: UTC, ISO 8601
    command: list[Text]
    settings: Settings
    machine: Machine  #: see :mod:`fatnn_bench.machine`
    software: Software
    images: ImageShape | None = None  #: older files do not tell
    kind: str = "accuracy-header"


@dataclass(frozen=True, kw_only=True)
class AccuracyRow:
    """One network, trained and tested."""

    precision: Label
    weights: Label  #: their precision
    activations: Label
    kernel: Label | None  #: the precision of the kernels that run it; older files name one of them
    seed: Index
    accuracy: Fraction  #: share of the test images classified right, after the last epoch
    test_images: Count
    weight_bytes: Amount  #: of the packed network
    train_s: Load  #: of this precision, not of the float network it starts from; less if resumed
    model: Text  #: its checkpoint, beside the results file
    #: whether it started from a trained float network; where that diverged, from the numbers it began with
    start_trained: Annotated[bool, Field(strict=True)] = True
    kind: str = "accuracy-row"


@dataclass(frozen=True, kw_only=True)
class Diverged:
    """One network whose training ended in numbers that are none."""

    precision: Label
    seed: Index
    reason: Text  #: a sentence
    kind: str = "accuracy-diverged"


@dataclass(frozen=True)
class AccuracyRun:
    """What a file holds."""

    header: AccuracyHeader
    rows: tuple[AccuracyRow, ...]
    source: str
    diverged: tuple[Diverged, ...] = ()

    @property
    def cautions(self) -> list[str]:
        """A sentence for each training that diverged: what it leaves out, or makes unlike the other seeds."""
        untrained = sorted({row.seed for row in self.rows if not row.start_trained})
        return [
            *(f"{one.precision}, seed {one.seed} diverged and is left out: {one.reason}" for one in self.diverged),
            *(f"seed {seed}: its float32 network diverged, and all precisions started untrained" for seed in untrained),
        ]


def append(journal: Journal, record: AccuracyHeader | AccuracyRow | Diverged) -> None:
    """Append a line to a file and see it onto the disk. Raises UserError if it cannot, or if :func:`read` would."""
    line = asdict(record)
    gate.validated(TypeAdapter(type(record)), line, record.kind, "no results file holds that, and it is not written")
    journal.append(line)
    journal.keep = True  # the header alone says what its checkpoints belong to


def read(path: Path) -> AccuracyRun:
    """Read a file; a last line torn by a kill is left out.

    Raises
    ------
    UserError
        If it is missing, not a results file of `accuracy`, of a newer version, or broken.
    """
    content = gate.content(path, "name a .jsonl file of `fatnn-bench accuracy`", gate.MOST_BYTES_OF_LINES)
    lines = content.rstrip().split(b"\n")
    if lines == [b""]:
        raise UserError(
            f"{path} is not a results file of `fatnn-bench accuracy`: it is empty, as of a run that was stopped before "
            "it began; name another file"
        )
    records = [record for i, line in enumerate(lines) if (record := _parsed(path, i, line, len(lines))) is not None]
    if records[0].get("kind") != "accuracy-header":
        raise UserError(f"{path} is not a results file of `fatnn-bench accuracy`: its first line is not its header")
    if not isinstance(records[0].get("schema"), int) or records[0]["schema"] > SCHEMA:
        raise UserError(
            f"{path} has schema {records[0].get('schema')}, this fatnn-bench reads up to {SCHEMA}; upgrade fatnn-bench"
        )
    header = _validated(path, 1, AccuracyHeader, records[0])
    lines_of: dict[str, list[tuple[int, dict[str, Any]]]] = {"accuracy-row": [], "accuracy-diverged": []}
    for i, record in enumerate(records[1:], start=2):
        lines_of.get(str(record.get("kind")), []).append((i, record))
    rows = tuple(_validated(path, i, AccuracyRow, record) for i, record in lines_of["accuracy-row"])
    diverged = tuple(_validated(path, i, Diverged, record) for i, record in lines_of["accuracy-diverged"])
    return AccuracyRun(header, rows, str(path), diverged)


def _parsed(path: Path, i: int, line: bytes, lines: int) -> dict[str, Any] | None:
    try:
        record = gate.parsed(line)
    except ValueError as error:
        if 0 < i == lines - 1:
            return None
        raise UserError(f"{path}, line {i + 1}: not JSON ({error}); {_MEND}") from error
    if not isinstance(record, dict):
        raise UserError(f"{path}, line {i + 1}: expected an object; {_MEND}")
    return record


def _validated(path: Path, line: int, kind: type[T], record: dict[str, Any]) -> T:
    return gate.validated(TypeAdapter(kind), record, f"{path}, line {line}", _MEND)
