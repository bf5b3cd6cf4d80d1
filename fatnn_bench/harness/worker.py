"""The worker: the process that measures.

``python -m fatnn_bench.harness.worker`` reads one request and says what it finds; with the argument ``cuda``, on a GPU.

The request is a JSON line on stdin, and stdin stays open: when it ends, whoever asked is gone, and the worker stops.
What it says are events (:mod:`fatnn_bench.harness.events`), JSON lines on stdout.
"""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, TextIO

from fatnn_bench.harness import events as say
from fatnn_bench.harness.timing import Settings
from fatnn_bench.machine.affinity import Place
from fatnn_bench.records.run import Noise, Row
from fatnn_bench.workload.cases import Case

if TYPE_CHECKING:
    from fatnn_bench.contenders.protocol import Contender
    from fatnn_bench.harness.measure import Turn


@dataclass(frozen=True)
class Request:
    """What a worker is asked to do."""

    cases: list[Case]  #: of one scope, those of a layer in a row
    settings: Settings | None  #: None to verify only
    seed: int
    timeout_s: float | None = None  #: a turn of a case that takes longer ends the worker
    affinity: str = "none"  #: as of :func:`fatnn_bench.machine.affinity.pin`, where all cases are of one thread
    plugins: list[str] = field(default_factory=list)  #: where to find kernels that are not the suite's
    process: int = 0  #: which of the processes it is of that share the rounds: each takes them in an order of its own

    def to_json(self) -> dict[str, Any]:
        settings = asdict(self.settings) if self.settings else None
        return vars(self) | {"cases": [case.to_json() for case in self.cases], "settings": settings}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        settings = Settings(**record["settings"]) if record["settings"] else None
        return cls(**record | {"cases": [Case.from_json(case) for case in record["cases"]], "settings": settings})


def events(
    request: Request,
    contenders: "Mapping[str, Contender]",
    place: Place = Place(),  # noqa: B008  # it is frozen
) -> Iterator[say.Event]:
    """Carry out a request where the worker runs; yields the events after ``ready``."""
    from fatnn_bench.harness.measure import Turn, measure

    found = _verified(request, contenders)
    if request.settings is not None:
        found = measure(request.cases, contenders, request.settings, request.seed, place, request.process)
    for item in found:
        if isinstance(item, Turn):
            yield say.Turn(item.case.id, round(item.progress, 4))
        else:
            record = _described(item, contenders)
            yield say.Row(record) if isinstance(record, Row) else say.Noise(record)
    yield say.Done()


def _described(item: "Row | Noise", contenders: "Mapping[str, Contender]") -> "Row | Noise":
    """A row with what its kernel is."""
    if isinstance(item, Noise) or item.kernel not in contenders:
        return item
    contender = contenders[item.kernel]
    return replace(item, precision=contender.precision, way=contender.way)


def _verified(request: Request, contenders: "Mapping[str, Contender]") -> "Iterator[Turn | Row | Noise]":
    from fatnn_bench.harness.measure import Turn, verify_case

    for i, case in enumerate(request.cases):
        yield Turn(case, i / len(request.cases))
        yield verify_case(case, contenders, request.seed)


def main(kind: str = "cpu", contenders_of: "Callable[[str], Mapping[str, Contender]] | None" = None) -> None:
    """Carry out the request on stdin on a kind of platform, with its contenders or others of the scope."""
    stdout, notes = _reserve_stdout(), _Notes()
    request = Request.from_json(json.loads(sys.stdin.readline()))
    threading.Thread(target=_stop_with_stdin, daemon=True).start()
    from fatnn_bench import machine
    from fatnn_bench.machine import affinity

    here = machine.describe()  # of all cores
    if kind == "cuda":
        from fatnn_bench.machine import gpu

        here["gpu"] = gpu.describe()
    threads = max(case.threads for case in request.cases)
    core = here["pinned_core"] = affinity.pin(request.affinity) if threads == 1 else None

    # after pinning, for OpenMP binds its threads when it is loaded
    from fatnn_bench.contenders.catalog import contenders
    from fatnn_bench.harness.threads import doubt
    from fatnn_kernels.aligned import gets_huge_pages
    from fatnn_kernels.driver import threading_layer
    from fatnn_kernels.jit import source_key

    here["huge_pages"] = gets_huge_pages()
    # before "ready": where nothing can be compiled, no results file is begun
    scope = request.cases[0].scope
    competing: Mapping[str, Contender] = contenders_of(scope) if contenders_of else contenders(scope, kind)
    software = machine.software() | {
        "threading_layer": threading_layer(threads),
        "kernel_source": source_key(),
    }
    if request.plugins:
        competing = _with_plugins(competing, request)
        software["plugins"] = _fingerprints(request.plugins)
    _say(stdout, say.Ready(here, software))
    place = Place(core, doubt(threads, here["usable_cores"]))
    for event in events(request, competing, place):
        for text in notes.taken():
            _say(stdout, say.Note(text))
        _say(stdout, event)
        _set_alarm(request.timeout_s)


class _Notes(logging.Handler):
    """What our own packages log, until it is said."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._texts: list[str] = []
        for package in ("fatnn_bench", "fatnn_kernels"):
            logging.getLogger(package).addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self._texts.append(record.getMessage())

    def taken(self) -> list[str]:
        """Return what is to be said, once."""
        taken, self._texts = self._texts, []
        return taken


def _with_plugins(own: "Mapping[str, Contender]", request: Request) -> "Mapping[str, Contender]":
    """The contenders with those of plugins, which replace none of the suite's."""
    from fatnn_bench.plugins import adapter

    wanted = [case.kernel for case in request.cases if case.kernel not in own]
    return adapter.contenders(request.plugins, request.cases[0].scope, wanted) | dict(own)


def _fingerprints(plugins: list[str]) -> dict[str, str]:
    from fatnn_bench.plugins.loading import fingerprint

    return {plugin: fingerprint(plugin) for plugin in plugins}


def _set_alarm(seconds: float | None) -> None:
    """Have the system end this process after so many seconds: it can, whatever a compiled kernel is at."""
    if seconds is not None and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _say(stdout: TextIO, event: say.Event) -> None:
    stdout.write(json.dumps(say.to_json(event), allow_nan=False) + "\n")
    stdout.flush()


def _reserve_stdout() -> TextIO:
    """Keep stdout for events: what libraries print there goes to stderr."""
    events_fd = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(events_fd, "w")


def _stop_with_stdin() -> None:
    while sys.stdin.readline():
        pass
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else "cpu")
