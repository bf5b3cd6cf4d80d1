"""A request through the deaths of workers: each costs the case that the worker was at, or its layer, and no other."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from typing import TypeAlias

from fatnn_bench.errors import UserError
from fatnn_bench.harness.events import Event, Layer, Ready, Row, Turn, WorkerDiedError
from fatnn_bench.harness.worker import Request
from fatnn_bench.records.run import Status, unmeasured
from fatnn_bench.workload.cases import Case

__all__ = ["Start", "survived"]

#: Starts a worker with a request; yields what it says.
Start: TypeAlias = Callable[[Request], Generator[Event]]


def survived(start: Start, request: Request) -> Generator[Event]:
    """Carry out a request, with another worker whenever one dies; the cases that it costs have the status ERROR.

    Raises
    ------
    UserError
        A worker ended before it was at any case.
    """
    owed = request.cases
    at: Callable[[Case], bool] | None = None  # whether a case is one that the worker is at
    first = True
    while owed:
        with closing(start(replace(request, cases=owed))) as events:
            try:
                for i, event in enumerate(events):
                    if isinstance(event, Ready) != (i == 0):
                        raise WorkerDiedError(f"the worker said {event.event!r} out of turn")
                    match event:
                        case Row(row):
                            owed = [case for case in owed if case.id != row.case]
                        case Turn(name, progress):
                            at = _is_case(name)
                            event = Turn(name, 1 - (1 - progress) * len(owed) / len(request.cases))
                        case Layer(name):
                            at = _is_of_layer(name)
                    if first or not isinstance(event, Ready):
                        yield event
                    first = False
                for case in owed:
                    yield _error(case, "the worker said that it was done, and nothing of this case")
                return
            except WorkerDiedError as error:
                if at is None:
                    raise UserError(f"no worker could be started: {error}") from error
                # the death of a twin costs the next case, lest it come again and again
                lost = [case for case in owed if at(case)] or owed[:1]
                owed = [case for case in owed if case not in lost]
                for case in lost:
                    yield _error(case, _told(error, request))
                at = None


def _error(case: Case, reason: str) -> Row:
    return Row(unmeasured(case, Status.ERROR, reason))


def _is_case(name: str) -> Callable[[Case], bool]:
    return lambda case: case.id == name


def _is_of_layer(name: str) -> Callable[[Case], bool]:
    return lambda case: case.layer.full_name == name


def _told(error: WorkerDiedError, request: Request) -> str:
    if request.timeout_s is not None and "SIGALRM" in str(error):
        return f"it did not end within {request.timeout_s:g} s; --timeout gives it longer"
    return str(error)
