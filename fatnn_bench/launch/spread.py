"""The rounds of a run, spread over several processes on the machine that measures.

Where pages and code of a process lie, and which core it has, stays for its life, and differs in the next: what one
process measures, however often, says nothing of that. So each block of layers is measured in several fresh workers one
after the other, each of which does its share of the rounds; the rows are complete when the last has spoken. A case that
the first of them cannot time is not tried again. One that a later worker loses keeps what the others took of it.
"""

from collections.abc import Generator
from dataclasses import replace

from fatnn_bench.errors import UserError
from fatnn_bench.harness.blocks import blocks
from fatnn_bench.harness.events import Done, Event, Noise, Ready, Row, Turn
from fatnn_bench.harness.shares import together
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch.survival import Start, survived
from fatnn_bench.records import run as records
from fatnn_bench.workload.cases import Case

__all__ = ["spread"]


def spread(start: Start, request: Request) -> Generator[Event]:
    """Carry out a request in as many processes as its settings have; yields the events of one, in the end whole rows.

    One that only verifies, or has one process, is handed to a worker as it is.
    """
    settings = request.settings
    if settings is None or settings.processes == 1:
        yield from start(request)
        return
    first, done = True, 0
    for layers in blocks(request.cases, settings):
        cases = [case for layer in layers for case in layer]
        for event in _block(start, replace(request, cases=cases)):
            if isinstance(event, Turn):
                event = Turn(event.case, (done + event.progress * len(cases)) / len(request.cases))
            if first or not isinstance(event, Ready):
                yield event
            first = False
        done += len(cases)
    yield Done()


def _block(start: Start, request: Request) -> Generator[Event]:
    assert request.settings is not None
    processes = request.settings.processes
    said: dict[str, dict[int, records.Row]] = {case.id: {} for case in request.cases}
    noise: list[records.Noise] = []
    owed = request.cases
    for process in range(processes):
        share = replace(request, cases=owed, settings=request.settings.share, process=process)
        for event in _share(start, share):
            match event:
                case Row(row) if row.case in said:
                    said[row.case].setdefault(process, row)
                case Noise(seen):
                    noise.append(seen)
                case Turn(case, progress):
                    yield Turn(case, (process + progress) / processes)
                case Done():
                    pass
                case _:
                    yield event
        owed = [case for case in request.cases if said[case.id][0].timed]
        if not owed:
            break
    for whole in together(said.values(), noise, processes):
        yield Row(whole) if isinstance(whole, records.Row) else Noise(whole)


def _share(start: Start, share: Request) -> Generator[Event]:
    """What a worker says of its share; that a later one cannot be started costs its share and not the run."""
    try:
        yield from survived(start, share)
    except UserError as error:
        if share.process == 0:
            raise
        for case in share.cases:
            yield _lost(case, str(error))


def _lost(case: Case, reason: str) -> Row:
    return Row(records.unmeasured(case, records.Status.ERROR, reason))
