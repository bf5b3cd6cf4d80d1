"""Starting a worker on a platform, and listening to it. Each kind of platform is a module here: a :class:`Launcher`."""

from collections.abc import Generator
from importlib import import_module
from typing import Any, Protocol, cast

from fatnn_bench.harness.events import Event, Ready, WorkerDiedError
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import in_process
from fatnn_bench.launch.cpu import environment
from fatnn_bench.platforms import Platform
from fatnn_bench.records.run import Status, unmeasured

__all__ = ["WorkerDiedError", "environment", "events", "obstacle"]


class Launcher(Protocol):
    """What a kind of platform can do; the platforms given are of its kind."""

    def events(self, platform: Any, request: Request) -> Generator[Event]:
        """Carry out the request on the platform."""

    def obstacle(self, platform: Any) -> str:
        """Return why the platform cannot be used from here, or nothing. It is quick, and asks no other machine."""


def events(platform: Platform, request: Request) -> Generator[Event]:
    """Carry out a request on a platform and yield what is said of it (:mod:`fatnn_bench.harness.events`).

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


def _skipped(request: Request, reason: str) -> Generator[Event]:
    from fatnn_bench import machine

    return in_process.told(
        Ready(machine.describe(), machine.software()),
        request,
        lambda _, cases: (unmeasured(case, Status.SKIPPED, reason) for case in cases),
    )
