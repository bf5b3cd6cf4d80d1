"""The one loop of all that starts no worker: rows are made here, a layer after the other."""

from collections.abc import Callable, Generator, Iterable
from itertools import groupby

from fatnn_bench.harness.events import Done, Event, Layer, Ready, Row
from fatnn_bench.harness.worker import Request
from fatnn_bench.records import run as records
from fatnn_bench.workload.cases import Case

__all__ = ["KINDS", "told"]

#: The kinds of platform that start no worker: all their rows are of one process, which is this one.
KINDS = ("emulated", "imported", "modelled")


def told(
    ready: Ready, request: Request, rows_of: Callable[[str, list[Case]], Iterable[records.Row]]
) -> Generator[Event]:
    """Yield what a worker would say of a request, with the rows of each layer: of its name and its cases."""
    yield ready
    for layer, cases in groupby(request.cases, key=lambda case: case.layer.full_name):
        yield Layer(layer)
        yield from map(Row, rows_of(layer, list(cases)))
    yield Done()
