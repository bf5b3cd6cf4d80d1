"""The worker: the process that measures. ``python -m fatnn_bench.worker`` reads one request and says what it finds.

The request is a JSON line on stdin, and stdin stays open: when it ends, whoever asked is gone, and the worker stops.
What it says are JSON lines on stdout, each with an ``event``: ``ready`` (the machine and its software), ``layer``
(work on a layer begins), ``row`` (a case is done), ``done``.
"""

import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self, TextIO

from fatnn_bench.cases import Case
from fatnn_bench.results import Row
from fatnn_bench.timing import Settings

if TYPE_CHECKING:
    from fatnn_bench.contender import Contender


@dataclass(frozen=True)
class Request:
    """What a worker is asked to do."""

    cases: list[Case]  #: of one scope, those of a layer in a row
    settings: Settings | None  #: None to verify only
    seed: int

    def to_json(self) -> dict[str, Any]:
        settings = asdict(self.settings) if self.settings else None
        return {"cases": [case.to_json() for case in self.cases], "settings": settings, "seed": self.seed}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        settings = Settings(**record["settings"]) if record["settings"] else None
        return cls([Case.from_json(case) for case in record["cases"]], settings, record["seed"])


def events(request: Request, contenders: "Mapping[str, Contender]") -> Iterator[dict[str, Any]]:
    """Carry out a request; yields the events after ``ready``."""
    from fatnn_bench.measure import measure_layer, verify_case

    for layer, group in groupby(request.cases, key=lambda case: case.layer):
        yield {"event": "layer", "name": layer.full_name}
        cases = list(group)
        rows: Iterable[Row]
        if request.settings is None:
            rows = (verify_case(case, contenders, request.seed) for case in cases)
        else:
            rows = measure_layer(cases, contenders, request.settings, request.seed)
        for row in rows:
            yield {"event": "row", "row": row.to_json()}
    yield {"event": "done"}


def _main() -> None:
    stdout = _reserve_stdout()
    request = Request.from_json(json.loads(sys.stdin.readline()))
    threading.Thread(target=_stop_with_stdin, daemon=True).start()
    from fatnn_bench import machine
    from fatnn_bench.contenders import contenders

    # before "ready": where nothing can be compiled, no results file is begun
    competing = contenders(request.cases[0].scope)
    _say(stdout, {"event": "ready", "machine": machine.describe(), "software": machine.software()})
    for event in events(request, competing):
        _say(stdout, event)


def _say(stdout: TextIO, event: dict[str, Any]) -> None:
    stdout.write(json.dumps(event, allow_nan=False) + "\n")
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
    _main()
