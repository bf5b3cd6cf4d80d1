"""Threads that another library starts while this one is bound to a core: they would inherit that core."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fatnn_bench.machine import affinity

#: One folder a thread of this process, where the system is Linux.
_THREADS = Path("/proc/self/task")


@contextmanager
def apart(threads: int) -> Iterator[None]:
    """Give each of the ``threads − 1`` threads that are started within a core of its own, and none this thread's."""
    cores = affinity.other_cores()[: threads - 1]
    before = _started()
    yield
    if len(cores) == threads - 1:
        for thread, core in zip(sorted(_started() - before), cores, strict=False):
            with suppress(OSError):  # it has ended
                os.sched_setaffinity(thread, {core})


def _started() -> set[int]:
    return {int(path.name) for path in _THREADS.iterdir()} if _THREADS.is_dir() else set()
