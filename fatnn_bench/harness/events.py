"""What a worker says, typed in one place: JSON objects with an ``event``, which pass the gate whoever sent them.

``ready`` (the machine and its software) comes first, then in turns ``layer`` and ``turn`` (the work on it begins or
goes on), ``row`` (a case is done) and ``noise`` (a block of cases is), and at last ``done``. The far end of an ssh
connection says ``hello`` before all of it.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter

from fatnn_bench import gate
from fatnn_bench.errors import UserError, legible
from fatnn_bench.gate import Fraction, Index, Label, Text
from fatnn_bench.results import records
from fatnn_bench.results.described import Machine, Software

__all__ = ["LONGEST", "WorkerDiedError", "checked", "heard"]

#: The longest event that is taken, bytes: a row of 10,000 samples has 250,000.
LONGEST = 4 * 2**20


class WorkerDiedError(Exception):
    """The worker ended before it was done, or said what is no event; the message says how."""


class Hello(BaseModel):
    """Which suite is at the far end."""

    event: Literal["hello"]
    version: Label
    schema_: Annotated[Index, Field(alias="schema")]


class Ready(BaseModel):
    """Where it is measured, and with what."""

    event: Literal["ready"]
    machine: Machine
    software: Software


class Note(BaseModel):
    """What the person should know of where it is measured."""

    event: Literal["note"]
    text: Text


class Layer(BaseModel):
    """The work on the cases of a layer begins."""

    event: Literal["layer"]
    name: Text


class Turn(BaseModel):
    """The work on a case begins, or goes on, at a share of all work."""

    event: Literal["turn"]
    case: Text
    progress: Fraction


class Row(BaseModel):
    """A case is done."""

    event: Literal["row"]
    row: Annotated[records.Row, AfterValidator(records.consistent)]


class Noise(BaseModel):
    """A block of cases is done."""

    event: Literal["noise"]
    noise: records.Noise


class Done(BaseModel):
    """All is done."""

    event: Literal["done"]


_EVENT: TypeAdapter[Any] = TypeAdapter(
    Annotated[Hello | Ready | Note | Layer | Turn | Row | Noise | Done, Field(discriminator="event")]
)


def heard(line: bytes, who: str) -> dict[str, Any]:
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


def checked(found: Any, who: str) -> dict[str, Any]:
    """Return an event, if every field of it is as it may be. Raises WorkerDiedError if not."""
    try:
        gate.validated(_EVENT, found, f"{who} said what is no event", "is it of this version of the suite?")
    except UserError as error:
        raise WorkerDiedError(str(error)) from error
    return dict(found)
