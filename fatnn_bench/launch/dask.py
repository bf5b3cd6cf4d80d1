"""The kind ``dask``: a fleet of boards, the workers of a Dask cluster that is there already.

Each case is a task of its own, and a board that is labelled with a resource gets one at a time. A case whose board is
lost goes to another, and is marked where boards are lost with it again and again, or none is left.
"""

import socket
import time
import uuid
from collections.abc import Generator, Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, TypeAdapter

from fatnn_bench import machine
from fatnn_bench.errors import UserError, legible
from fatnn_bench.files import gate
from fatnn_bench.files.gate import Index, Label
from fatnn_bench.harness.events import Done, Event, Noise, Note, Ready, Row, Turn, WorkerDiedError, checked
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import board
from fatnn_bench.platforms import DaskPlatform
from fatnn_bench.records.described import Machine, Software
from fatnn_bench.records.run import Status, unmeasured
from fatnn_bench.workload.cases import Case

if TYPE_CHECKING:
    from distributed import Client, Future


class Described(BaseModel):
    """What a board says of itself; see :func:`fatnn_bench.launch.board.describe`."""

    version: tuple[Label, Index]
    machine: Machine
    software: Software


#: How long to wait for the scheduler, and for a board when all are gone, seconds.
CONNECT_S, PATIENCE_S = 10.0, 60.0
_DESCRIBED: TypeAdapter[Described] = TypeAdapter(Described)
#: A scheduler's greeting has some 100 bytes.
_LONGEST_GREETING = 2**20
#: How often to see whether a case has ended, and whether boards are there, seconds.
_POLL_S, _LOOK_S = 0.02, 1.0


def events(platform: DaskPlatform, request: Request) -> Generator[Event]:
    """Have the fleet carry out the request; see :func:`fatnn_bench.launch.events`.

    Raises
    ------
    UserError
        The scheduler does not answer, no worker offers the resources, a board has another version of the suite, or the
        boards are not of one kind.
    """
    from distributed import Client

    try:
        _refuse_strangers(platform.scheduler)
        client = Client(platform.scheduler, timeout=CONNECT_S, set_as_default=False)
    except UserError:
        raise
    except Exception as error:  # whatever its protocol makes of what is there
        raise UserError(
            f"no Dask scheduler answers at {platform.scheduler}; start one with `dask scheduler`, "
            "or correct the address"
        ) from error
    with client:
        yield _described(client, platform)
        yield from _carried_out(client, platform, request)
    yield Done()


def _refuse_strangers(scheduler: str) -> None:
    """Raise UserError unless what is there greets as a Dask scheduler, which speaks first: the length of a frame.

    The protocol believes any length that it reads, and waits for one for minutes.
    """
    scheme, _, place = scheduler.partition("://")
    host, _, port = place.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=CONNECT_S) as connection:
        if scheme != "tcp":
            return
        size = int.from_bytes(connection.recv(8), "little")
    if not 0 < size < _LONGEST_GREETING:
        raise UserError(f"what answers at {scheduler} is no Dask scheduler; correct the address")


def obstacle(platform: DaskPlatform) -> str:
    """Return what is missing here. Whether the scheduler answers is found out when it is asked to measure."""
    return "" if find_spec("distributed") else "dask[distributed] is not installed; pip install 'fatnn-bench[cluster]'"


def _described(client: "Client", platform: DaskPlatform) -> Ready:
    """Machine and software of the fleet: those of its first board, with the number of boards."""
    boards = _boards(client, platform)
    if not boards:
        wanted = ", ".join(f"{name}={count:g}" for name, count in platform.resources.items())
        raise UserError(
            f"the scheduler at {platform.scheduler} has no worker{f' that offers {wanted}' if wanted else ''}; "
            f'start one on a board: dask worker {platform.scheduler} --nthreads 1 --resources "{wanted or "board=1"}"'
        )
    found: dict[str, dict[str, Any]] = client.run(board.describe, workers=boards)
    for address, each in found.items():
        gate.validated(_DESCRIBED, each, f"the board {address}", f"install fatnn-bench {board.VERSION[0]} there")
        if tuple(each["version"]) != board.VERSION:
            raise UserError(
                f"the board {address} has fatnn-bench {each['version'][0]} with results schema {each['version'][1]}, "
                f"and here it is {board.VERSION[0]} with {board.VERSION[1]}; install {board.VERSION[0]} there"
            )
    first = found[boards[0]]
    _refuse_a_mix({address: each["machine"] for address, each in found.items()})
    return Ready(first["machine"] | {"boards": len(boards)}, first["software"])


def _refuse_a_mix(machines: dict[str, dict[str, Any]]) -> None:
    """Raise UserError unless all boards are of one kind, by address."""
    (first, expected), *others = ((address, machine.identity(each)) for address, each in machines.items())
    for address, found in others:
        for name in (name for name in expected if found[name] != expected[name]):
            raise UserError(
                f"{name} is {expected[name]} on the board {first} and {found[name]} on {address}: times of one run "
                "must come from boards of one kind; give each kind a resource of its own (dask worker --resources) and "
                "an entry of its own in platforms.yaml"
            )


def _boards(client: "Client", platform: DaskPlatform) -> list[str]:
    """The addresses of the workers that offer the resources."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    return [
        address
        for address, worker in workers.items()
        if all(worker["resources"].get(name, 0) >= least for name, least in platform.resources.items())
    ]


def _carried_out(client: "Client", platform: DaskPlatform, request: Request) -> Iterator[Event]:
    run = uuid.uuid4().hex
    owed: dict[Future, Case] = {}
    for case in request.cases:
        alone = replace(request, cases=[case]).to_json()
        future = client.submit(
            board.carry_out, platform.platform, platform.threads, alone,
            key=f"{case.id}-{run}", resources=platform.resources or None, pure=False,
        )  # fmt: skip
        owed[future] = case
    try:
        for future in _as_they_end(client, platform, owed):
            case = owed.pop(future)
            yield Turn(case.id, 1 - len(owed) / len(request.cases))
            yield from _found(future, case)
        for case in owed.values():
            yield _lost(case, f"no board came back within {PATIENCE_S:g} s")
    finally:
        client.cancel(list(owed))


def _as_they_end(client: "Client", platform: DaskPlatform, owed: "dict[Future, Case]") -> "Iterator[Future]":
    """The futures as they end; stops early where no board is left for longer than one's patience."""
    from distributed import as_completed

    coming = as_completed(list(owed), loop=client.loop)
    alive = looked = time.monotonic()
    while owed:
        ended = coming.next_batch(block=False)
        yield from ended
        now = time.monotonic()
        if ended or (now - looked > _LOOK_S and _boards(client, platform)):
            alive = now
        if now - looked > _LOOK_S:
            looked = now
        if now - alive > PATIENCE_S:
            return
        if not ended:
            time.sleep(_POLL_S)


def _found(future: "Future", case: Case) -> Iterator[Event]:
    """What a task said of its case; a case that killed its boards says so."""
    error = future.exception()
    if error is None:
        try:
            yield from _said(future.result(), case)
        except WorkerDiedError as bad:
            yield _lost(case, str(bad))
    else:
        yield _lost(case, legible(" ".join(str(error).split())) or type(error).__name__)


def _said(found: Any, case: Case) -> list[Event]:
    """The rows and noise of a case. Raises WorkerDiedError for what is none of it."""
    said = [checked(event, "the board") for event in found] if isinstance(found, list) else []
    if [event.row.case for event in said if isinstance(event, Row)] != [case.id]:
        raise WorkerDiedError(f"the board said no row, or not one, of {case.id}")
    return [event for event in said if isinstance(event, Row | Noise | Note)]


def _lost(case: Case, reason: str) -> Row:
    return Row(unmeasured(case, Status.ERROR, reason))
