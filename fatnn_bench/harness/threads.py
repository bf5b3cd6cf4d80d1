"""Whether several threads have cores of their own, seen once they have started: what was asked for need not be so."""

import ctypes
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import prange, types

from fatnn_kernels.driver import use_threads
from fatnn_kernels.jit import compiled

__all__ = ["doubt", "waited_s"]

#: Looks until threads are seen on cores of their own: unbound ones may meet on a core by chance.
_LOOKS = 5
#: Turns of a loop that a thread is busy with: some milliseconds, in which another cannot do its work as well.
_TURNS = 1_000_000
_core = types.ExternalFunction("sched_getcpu", types.int32())
_thread = types.ExternalFunction("pthread_self", types.uintp())


class Seen(NamedTuple):
    """Who did the work of several threads."""

    threads: int
    cores: int


def doubt(threads: int, usable: int) -> str:
    """Return why times on so many threads are to be mistrusted in this process, or nothing.

    Parameters
    ----------
    usable
        The cores that the process may use, asked before threads were bound; see :mod:`fatnn_bench.platforms`.
    """
    if threads == 1:
        return ""
    if threads > usable:
        return f"{threads} threads had {_cores(usable)}"
    best = max(_looks(threads), default=Seen(threads, threads))
    if best == (threads, threads):
        return ""
    return f"{best.threads} of {threads} threads did the work, on {_cores(best.cores)}"


def waited_s() -> float:
    """Return the seconds that threads of this process were ready and had no core, so far; 0 where it is not told."""
    return sum(map(_run_delay_s, Path("/proc/self/task").glob("*/schedstat")))


def _cores(count: int) -> str:
    return f"{count} core{'' if count == 1 else 's'}"


def _looks(threads: int) -> Iterator[Seen]:
    """What is seen, until all threads are seen on cores of their own. Nothing where the system tells no cores."""
    if not hasattr(ctypes.CDLL(None), "sched_getcpu"):
        return
    if not use_threads(min(threads, numba.config.NUMBA_NUM_THREADS)):
        yield Seen(1, 1)
        return
    for _ in range(_LOOKS):
        on, by, sums = np.zeros(threads, np.int32), np.zeros(threads, np.uintp), np.zeros(threads, np.uint64)
        _work(on, by, sums)
        seen = Seen(len(set(by)), len(set(on)))
        yield seen
        if seen == (threads, threads):
            return
        time.sleep(0.01)


@compiled(parallel=True)
def _work(on: Any, by: Any, sums: Any) -> None:
    for i in prange(on.shape[0]):
        total = np.uint64(i)
        for _ in range(_TURNS):
            total = total * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        sums[i] = total
        on[i] = _core()
        by[i] = _thread()


def _run_delay_s(path: Path) -> float:
    """Of one thread; none of one that has just ended."""
    try:
        return int(path.read_text().split()[1]) * 1e-9
    except (OSError, IndexError, ValueError):
        return 0.0
