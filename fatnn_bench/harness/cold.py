"""Calls that find their operands in memory rather than in a cache.

Before each call, a buffer larger than the last-level cache is read and written through, and only then is the call
timed, alone. With ``cold-weights`` the activations are read again in between: a layer finds what the layer before it
has just written, and weights that no one has touched since the last image. Caches that other cores have of their own
are not reached: on several threads, a call is less cold.
"""

from functools import cache
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fatnn_bench import machine
from fatnn_bench.contenders.protocol import Prepared
from fatnn_bench.harness import timing
from fatnn_bench.harness.timing import Cache, Run

__all__ = ["CALLS", "Activated", "chilled", "obstacle"]

#: Calls a sample: each is timed alone, and what comes before it takes far longer than the call.
CALLS = 3
#: Times the last-level cache, so that whatever it replaces last is gone as well.
_TIMES = 2
#: Where the system tells of no caches: more than most machines have.
_UNKNOWN_BYTES = 64 * 2**20


@runtime_checkable
class Activated(Protocol):
    """A prepared kernel that tells which of its operands are activations."""

    @property
    def activations(self) -> NDArray[Any]:
        """What the layer before has just written."""


def obstacle(prepared: Prepared, state: Cache) -> str:
    """Return why a kernel cannot be measured in a state of the caches; empty if it can."""
    if state == "cold-weights" and not isinstance(prepared, Activated):
        return "it does not tell its activations from its weights: --cache cold has both cold"
    return ""


def chilled(run: Run, prepared: Prepared, state: Cache) -> Run:
    """Return ``run`` with the caches in a state before each call; it tells the seconds of the calls alone."""
    if state == "warm":
        return run

    def cold_run(loops: int) -> float:
        total = 0.0
        for _ in range(loops):
            _rotate()
            if state == "cold-weights" and isinstance(prepared, Activated):
                prepared.activations.max()
            total += timing.seconds(run, 1)
        return total

    return cold_run


def _rotate() -> None:
    """Fill the caches with something else."""
    buffer = _buffer()
    np.add(buffer, 1, out=buffer)


@cache
def _buffer() -> NDArray[np.uint64]:
    caches = machine.describe()["caches_bytes"] or {}
    return np.zeros(_TIMES * max(caches.values(), default=_UNKNOWN_BYTES) // 8, np.uint64)
