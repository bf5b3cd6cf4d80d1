"""What runs on a board of a Dask fleet: one case, in a worker process of the board's own platform.

Its functions take and return plain JSON data, so that Dask ships nothing else.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from fatnn_bench import launch, machine, platforms
from fatnn_bench.errors import UserError
from fatnn_bench.harness.events import Noise, Note, Row, to_json
from fatnn_bench.harness.worker import Request
from fatnn_bench.records.run import SCHEMA
from fatnn_bench.version import __version__

#: Tells whether rows of a board mean what they do here.
VERSION = (__version__, SCHEMA)


def describe() -> dict[str, Any]:
    """Return version, machine and software of this board."""
    return {"version": list(VERSION), "machine": machine.describe(), "software": machine.software()}


def carry_out(name: str, threads: int, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows, noise and notes, as events, of a request of one case on the platform of this name, here.

    Raises
    ------
    RuntimeError
        There is no such platform here, or its worker died; the message says how.
    """
    try:
        platform = _platform(name)
        if platform.kind == "cpu":
            platform = platform.model_copy(update={"threads": threads})
        found = launch.events(platform, Request.from_json(dict(request)))
        return [to_json(event) for event in found if isinstance(event, Row | Noise | Note)]
    except (UserError, launch.WorkerDiedError) as error:
        raise RuntimeError(str(error)) from error  # of a class that any version of the suite can unpickle


@cache
def _platform(name: str) -> platforms.Platform:
    return platforms.select(platforms.load(), name)[name]
