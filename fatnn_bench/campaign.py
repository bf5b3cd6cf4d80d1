"""A run from its cases to its results file."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from fatnn_bench import launch
from fatnn_bench.errors import Exit
from fatnn_bench.harness import events as said
from fatnn_bench.harness.blocks import START_S, blocks, case_seconds
from fatnn_bench.harness.timing import Settings
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import in_process
from fatnn_bench.launch.survival import survived
from fatnn_bench.machine.affinity import AUTO
from fatnn_bench.platforms import Platform
from fatnn_bench.records import provenance, resume, store
from fatnn_bench.records.identity import counting
from fatnn_bench.records.run import Header, Noise, Row, Run, Status, in_order
from fatnn_bench.records.store import Writer
from fatnn_bench.workload.cases import Case


class Listener(Protocol):
    """Who wants to know how far a run is."""

    def turn(self, name: str, progress: float) -> None:
        """The work on a case or a layer begins or goes on, at a share of all work."""

    def row_done(self, row: Row) -> None: ...

    def note(self, text: str) -> None:
        """Something around the run is not as it should be, and the run goes on."""


@dataclass(frozen=True)
class Plan:
    """What is to be measured, and how."""

    cases: Sequence[Case]  #: those of a layer in a row
    platform_name: str
    platform: Platform
    settings: Settings
    seed: int
    timeout_s: float | None = None  #: a turn of a case that takes longer is given up, and the case with it
    affinity: str = AUTO  #: the core where all cases are of one thread; see :mod:`fatnn_bench.machine.affinity`
    options: dict[str, Any] = field(default_factory=dict)  #: what the person chose, for the header
    plugins: Sequence[str] = ()  #: whose kernels are among the cases; see :mod:`fatnn_bench.plugins`


def measure(plan: Plan, output: Path, listener: Listener, go_on: bool = False) -> Run:
    """Measure the cases in a worker and write each row to the results file as soon as it is known.

    Parameters
    ----------
    plan
        What to measure.
    output
        The results file; nothing is measured if it cannot be written. No other process can write to it meanwhile. It
        is removed if it holds no row in the end.
    listener
        Told how far it is.
    go_on
        Measure only the cases that the file lacks, and write them behind what it holds.

    Returns
    -------
    Run
        What the file holds.

    Raises
    ------
    UserError
        The file cannot be written, or was changed by others meanwhile; no worker could be started; or machine,
        software or settings are not those of what the file holds.
    """
    with Writer(output, go_on) as writer:
        earlier = store.read(output) if go_on else None
        cases = owed(plan, earlier)
        if earlier and not cases:
            return earlier
        return _measured(plan, cases, writer, listener, earlier)


def _measured(plan: Plan, cases: list[Case], writer: Writer, listener: Listener, earlier: Run | None) -> Run:
    """Measure the cases and write their rows behind those there are; returns all of them."""
    found: list[Row | Noise] = []

    def keep(record: Row | Noise) -> None:
        writer.write(record)
        found.append(record)

    request = Request(cases, plan.settings, plan.seed, plan.timeout_s, plan.affinity, list(plan.plugins))
    with closing(_events(plan.platform, request)) as events:
        header = _header(plan, next(events))
        if earlier:
            resume.refuse_changes(earlier, header)
            header = earlier.header
        else:
            writer.begin(header)
        for _ in _rows(events, listener, keep):
            pass
    before = earlier or Run(header, ())
    rows = [record for record in found if isinstance(record, Row)]
    noise = tuple(record for record in found if isinstance(record, Noise))
    ordered = in_order(counting([*before.rows, *rows])[0], header.layers)
    return Run(header, ordered, (), str(writer.path), (*before.noise, *noise))


def owed(plan: Plan, earlier: Run | None) -> list[Case]:
    """Return the cases of a plan that an earlier run lacks; all if there is none."""
    return resume.missing(plan.cases, earlier) if earlier else list(plan.cases)


def verify(
    cases: Sequence[Case],
    platform: Platform,
    seed: int,
    listener: Listener,
    timeout_s: float | None = None,
    plugins: Sequence[str] = (),
) -> Iterator[Row]:
    """Check the cases in a worker on every pattern of data, without timing them; yields each row when it is known."""
    with closing(_events(platform, Request(list(cases), None, seed, timeout_s, plugins=list(plugins)))) as events:
        yield from _rows(events, listener)


def _header(plan: Plan, ready: said.Event) -> Header:
    assert isinstance(ready, said.Ready)
    processes = 1 if plan.platform.kind in in_process.KINDS else plan.settings.processes
    return Header(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        platform=plan.platform_name,
        command=provenance.command_line(),
        options=plan.options,
        seed=plan.seed,
        settings=asdict(plan.settings) | {"processes": processes},
        machine=ready.machine,
        software=ready.software,
        layers=list(dict.fromkeys(case.layer.full_name for case in plan.cases)),
    )


def _rows(
    events: Iterator[said.Event], listener: Listener, keep: Callable[[Row | Noise], None] = lambda record: None
) -> Iterator[Row]:
    told: set[str] = set()  # one worker after another, or one board, may say the same
    for event in events:
        match event:
            case said.Turn(case, progress):
                listener.turn(case, progress)
            case said.Layer(name):
                listener.turn(name, 0.0)
            case said.Note(text) if text not in told:
                told.add(text)
                listener.note(text)
            case said.Noise(noise):
                keep(noise)
            case said.Row(row):
                keep(row)
                listener.row_done(row)
                yield row


def _events(platform: Platform, request: Request) -> Generator[said.Event]:
    return survived(lambda each: launch.events(platform, each), request)


def estimate_s(cases: Sequence[Case], settings: Settings) -> float:
    """A rough number of seconds that measuring the cases takes once the kernels are compiled."""
    measured = [case for case in cases if not case.layer.skip_reason]
    starts = settings.processes * sum(1 for _ in blocks(measured, settings))
    return starts * START_S + sum(case_seconds(case, settings) for case in measured)


def exit_code(rows: Iterable[Row]) -> Exit:
    """What a run's rows mean for the exit code: the worst of them decides; of a case held twice, the later counts."""
    statuses = {row.status for row in counting(rows)[0]}
    if Status.FAILED in statuses:
        return Exit.WRONG_RESULT
    if Status.ERROR in statuses:
        return Exit.ERROR
    return (
        Exit.FINE if statuses & {Status.PASSED, Status.MISTRUSTED, Status.MODELLED, Status.IMPORTED} else Exit.NOTHING
    )
