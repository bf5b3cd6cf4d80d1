"""Starting a worker on a platform, and listening to it. Each kind of platform is a module here: a :class:`Launcher`."""

from collections.abc import Generator
from importlib import import_module
from itertools import groupby
from typing import Any, Protocol, cast

from fatnn_bench.harness.events import WorkerDiedError
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch.cpu import environment
from fatnn_bench.platforms import Platform
from fatnn_bench.results.records import Status, unmeasured

__all__ = ["WorkerDiedError", "environment", "events", "obstacle"]


class Launcher(Protocol):
    """What a kind of platform can do; the platforms given are of its kind."""

    def events(self, platform: Any, request: Request) -> Generator[dict[str, Any]]:
        """Carry out the request on the platform."""

    def obstacle(self, platform: Any) -> str:
        """Return why the platform cannot be used from here, or nothing. It is quick, and asks no other machine."""


def events(platform: Platform, request: Request) -> Generator[dict[str, Any]]:
    """Carry out a request on a platform and yield what is said of it (:mod:`fatnn_bench.harness.worker`).

    Where the platform cannot be used from here, every case is SKIPPED, with the reason. Closing the iterator ends what
    was started.

    Raises
    ------
    WorkerDiedError
        The worker ended without saying that it was done.
    """
    reason = obstacle(platform)
    return _skipped(request, reason) if reason else _launcher(platform).events(platform, request)


def obstacle(platform: Platform) -> str:
    """Return why a platform cannot be used from here, or nothing where it can. Asks no other machine."""
    return _launcher(platform).obstacle(platform)


def _launcher(platform: Platform) -> Launcher:
    # only when it is wanted, for what some kinds import takes long, or is not installed
    return cast(Launcher, import_module(f"fatnn_bench.launch.{platform.kind}"))


def _skipped(request: Request, reason: str) -> Generator[dict[str, Any]]:
    from fatnn_bench import machine

    yield {"event": "ready", "machine": machine.describe(), "software": machine.software()}
    for layer, cases in groupby(request.cases, key=lambda case: case.layer.full_name):
        yield {"event": "layer", "name": layer}
        for case in cases:
            yield {"event": "row", "row": unmeasured(case, Status.SKIPPED, reason).to_json()}
    yield {"event": "done"}
