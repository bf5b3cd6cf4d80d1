"""What a worker says, typed in one place; on the wire JSON objects with an ``event``, which pass the gate.

``ready`` (the machine and its software) comes first, then in turns ``layer`` and ``turn`` (the work on it begins or
goes on), ``row`` (a case is done) and ``noise`` (a block of cases is), and at last ``done``. The far end of an ssh
connection says ``hello`` before all of it.
"""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, TypeAdapter

from fatnn_bench.errors import UserError, legible
from fatnn_bench.files import gate
from fatnn_bench.files.gate import Fraction, Index, Label, Text
from fatnn_bench.records import run as records
from fatnn_bench.records.described import Machine, Software

__all__ = [
    "LONGEST", "Done", "Event", "Hello", "Layer", "Noise", "Note", "Ready", "Row", "Turn", "WorkerDiedError", "checked",
    "heard", "to_json",
]  # fmt: skip

#: The longest event that is taken, bytes: a row of 10,000 samples has 250,000.
LONGEST = 4 * 2**20


class WorkerDiedError(Exception):
    """The worker ended before it was done, or said what is no event; the message says how."""


@dataclass(frozen=True)
class Hello:
    """Which suite is at the far end."""

    version: Label
    schema: Index
    event: Literal["hello"] = "hello"


@dataclass(frozen=True)
class Ready:
    """Where it is measured, and with what."""

    machine: Machine
    software: Software
    event: Literal["ready"] = "ready"


@dataclass(frozen=True)
class Note:
    """What the person should know of where it is measured."""

    text: Text
    event: Literal["note"] = "note"


@dataclass(frozen=True)
class Layer:
    """The work on the cases of a layer begins."""

    name: Text
    event: Literal["layer"] = "layer"


@dataclass(frozen=True)
class Turn:
    """The work on a case begins, or goes on, at a share of all work."""

    case: Text
    progress: Fraction
    event: Literal["turn"] = "turn"


@dataclass(frozen=True)
class Row:
    """A case is done."""

    row: Annotated[records.Row, AfterValidator(records.consistent)]
    event: Literal["row"] = "row"


@dataclass(frozen=True)
class Noise:
    """A block of cases is done."""

    noise: records.Noise
    event: Literal["noise"] = "noise"


@dataclass(frozen=True)
class Done:
    """All is done."""

    event: Literal["done"] = "done"


Event: TypeAlias = Hello | Ready | Note | Layer | Turn | Row | Noise | Done

_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def to_json(event: Event) -> dict[str, Any]:
    """Return an event as JSON has it."""
    return asdict(event)


def heard(line: bytes, who: str) -> Event:
    """Return the event of a line. One cut short, as by a lost connection, or a login shell's greeting, is none.

    Raises
    ------
    WorkerDiedError
        It is no event.
    """
    try:
        found = gate.parsed(line)
        if not isinstance(found, dict) or "event" not in found:
            raise ValueError("it has no event")
    except ValueError as error:
        said = legible(repr(line.decode(errors="replace").strip()[:80]))
        raise WorkerDiedError(f"{who} said {said}, which is no event: was it cut off, or did a shell speak?") from error
    return checked(found, who)


def checked(found: Any, who: str) -> Event:
    """Return the event that JSON tells of, if every field is as it may be. Raises WorkerDiedError if not."""
    try:
        return gate.validated(_EVENT, found, f"{who} said what is no event", "is it of this version of the suite?")
    except UserError as error:
        raise WorkerDiedError(str(error)) from error
