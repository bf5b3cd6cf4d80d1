"""A run from its cases to its results file."""

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from fatnn_bench import launch
from fatnn_bench.cases import Case
from fatnn_bench.errors import Exit, UserError
from fatnn_bench.platforms import Platform
from fatnn_bench.results import Header, Row, Run, Status, unmeasured
from fatnn_bench.store import Writer
from fatnn_bench.timing import Settings
from fatnn_bench.worker import Request

#: Seconds of a case beside its samples: data, oracle, packing, calibration; seen on two cores at 2.8 GHz.
_OVERHEAD_S = 0.05
#: GMAC/s that the slowest kernels reach; for estimates only.
_SLOWEST_GMACS_PER_S = 20.0

Event: TypeAlias = dict[str, Any]


class Listener(Protocol):
    """Who wants to know how far a run is."""

    def layer_begins(self, name: str) -> None: ...

    def row_done(self, row: Row) -> None: ...


def measure(
    cases: Sequence[Case],
    platform_name: str,
    platform: Platform,
    settings: Settings,
    seed: int,
    output: Path,
    listener: Listener,
) -> Run:
    """Measure the cases in a worker and write each row to the results file as soon as it is known.

    Parameters
    ----------
    cases
        Those of a layer in a row.
    output
        The results file; nothing is measured if it cannot be written.

    Returns
    -------
    Run
        What was written.

    Raises
    ------
    UserError
        The file cannot be written, or no worker could be started.
    """
    with closing(_events(platform, Request(list(cases), settings, seed))) as events:
        ready = next(events)
        header = Header(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            platform=platform_name,
            command=["fatnn-bench", *sys.argv[1:]],
            seed=seed,
            settings=asdict(settings),
            machine=ready["machine"],
            software=ready["software"],
        )
        with Writer(output, header) as writer:
            rows = tuple(_rows(events, listener, writer.write))
    return Run(header, rows, source=str(output))


def verify(cases: Sequence[Case], platform: Platform, seed: int, listener: Listener) -> tuple[Row, ...]:
    """Check the cases in a worker on every pattern of data, without timing them."""
    with closing(_events(platform, Request(list(cases), None, seed))) as events:
        return tuple(_rows(events, listener))


def _rows(events: Iterator[Event], listener: Listener, keep: Callable[[Row], None] = lambda row: None) -> Iterator[Row]:
    for event in events:
        if event["event"] == "layer":
            listener.layer_begins(event["name"])
        elif event["event"] == "row":
            row = Row.from_json(event["row"])
            keep(row)
            listener.row_done(row)
            yield row


def _events(platform: Platform, request: Request) -> Generator[Event]:
    """The events of a worker. When one dies, the layer it was at becomes ERROR rows, and another goes on behind it."""
    owed = list(request.cases)
    layer = ""
    first = True
    while owed:
        with closing(launch.events(platform, replace(request, cases=owed))) as events:
            try:
                for event in events:
                    if event["event"] == "row":
                        owed = [case for case in owed if case.id != event["row"]["case"]]
                    if event["event"] == "layer":
                        layer = event["name"]
                    if event["event"] != "ready" or first:
                        yield event
                    first = False
                return
            except launch.WorkerDiedError as error:
                if not layer:
                    raise UserError(f"no worker could be started: {error}") from error
                lost = [case for case in owed if case.layer.full_name == layer]
                owed = [case for case in owed if case not in lost]
                for case in lost:
                    yield {"event": "row", "row": unmeasured(case, Status.ERROR, str(error)).to_json()}
                layer = ""


def estimate_s(cases: Sequence[Case], settings: Settings) -> float:
    """A rough number of seconds that measuring the cases takes once the kernels are compiled."""
    return sum(
        _OVERHEAD_S + (settings.samples + 3) * max(settings.sample_s, case.layer.macs / _SLOWEST_GMACS_PER_S * 1e-9)
        for case in cases
        if not case.layer.skip_reason
    )


def exit_code(rows: Iterable[Row]) -> Exit:
    """What a run's rows mean for the exit code: the worst of them decides."""
    statuses = {row.status for row in rows}
    if Status.FAILED in statuses:
        return Exit.WRONG_RESULT
    if Status.ERROR in statuses:
        return Exit.ERROR
    return Exit.FINE if statuses & {Status.PASSED, Status.MISTRUSTED, Status.MODELLED} else Exit.NOTHING
