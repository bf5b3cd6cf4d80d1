"""On which core a one-threaded worker runs: the quietest that is not an efficiency core, or one that a person names."""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from fatnn_bench.errors import UserError

_log = logging.getLogger(__name__)

#: What a person may ask for, beside the number of a core.
AUTO, NONE = "auto", "none"
_CPU = "sys/devices/system/cpu"
Told = TypeVar("Told")
#: How long the cores are watched: twenty ticks of the clock that their loads are counted in.
_WATCH_S = 0.2


@dataclass(frozen=True)
class Place:
    """Where the process that measures runs."""

    core: int | None = None  #: the one that it is pinned to, if to any
    doubt: str = ""  #: why several threads are to be mistrusted; see :mod:`fatnn_bench.harness.threads`


def pin(wanted: str = AUTO, root: Path = Path("/")) -> int | None:
    """Pin this process to a core; return which, or None where it was not to be, or the system cannot.

    Threads started before keep their cores. That the system forbids what nobody asked for by number is logged.

    Parameters
    ----------
    wanted
        ``auto``, for the quietest core that it may use, ``none``, or the number of a core. That one need not be among
        those that the scheduler chooses from: a core that was isolated at boot is not.
    root
        Where ``/sys`` lies.

    Raises
    ------
    UserError
        There is no such core, or it is not this process's to use.
    """
    if wanted == NONE or not hasattr(os, "sched_setaffinity"):
        return None
    usable = os.sched_getaffinity(0)
    if wanted == AUTO:
        busy = by_core(psutil.cpu_percent(interval=_WATCH_S, percpu=True), root)
        core = quietest(busy, usable, efficiency_cores(root))
    else:
        core = int(wanted)
    try:
        os.sched_setaffinity(0, {core})
    except (OSError, OverflowError) as error:
        if wanted == AUTO:
            _log.warning(
                "the system lets no process choose its core (%s): nothing is pinned", getattr(error, "strerror", error)
            )
            return None
        cores = ", ".join(map(str, sorted(usable)))
        raise UserError(f"--affinity {core}: this process cannot run on core {core}; it may use {cores}") from error
    return core


def other_cores() -> list[int]:
    """Return the cores that other threads of this process may use, but the one that this thread is bound to, if it is.

    Libraries that bind the thread which calls them leave its mask to the threads that it starts. There are none where
    the system tells of none, or forbids to ask.
    """
    if not hasattr(os, "sched_setaffinity"):
        return []
    own = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, _possible_cores())  # the system keeps to those that the process may use
        usable = os.sched_getaffinity(0)
        os.sched_setaffinity(0, own)
    except OSError:
        return []
    return sorted(usable - own if len(own) == 1 else usable)


def by_core(told: Sequence[Told], root: Path = Path("/")) -> dict[int, Told]:
    """Return what psutil tells of each core, in their order, by the cores' numbers: it leaves out those offline."""
    online = sorted(core_list(_text(root / _CPU / "online")))
    return dict(zip(online if len(online) == len(told) else range(len(told)), told, strict=True))


def _possible_cores() -> set[int]:
    """Whether they are online or not."""
    return core_list(_text(Path("/") / _CPU / "possible")) or set(range(os.cpu_count() or 1))


def quietest(busy: Mapping[int, float], usable: Iterable[int], avoided: Iterable[int] = ()) -> int:
    """Return the least busy of the usable cores that are not avoided, if there are any; of equals the last.

    The first core is where systems handle their interrupts.
    """
    cores = set(usable)
    return min(cores - set(avoided) or cores, key=lambda core: (busy.get(core, 0.0), -core))


def efficiency_cores(root: Path = Path("/")) -> set[int]:
    """Return the cores that the system says are small, as in big.LITTLE and Intel's hybrid processors."""
    atoms = _text(root / "sys/devices/cpu_atom/cpus")
    if atoms:
        return core_list(atoms)
    capacities = {
        int(path.parent.name.removeprefix("cpu")): int(_text(path) or 0)
        for path in (root / _CPU).glob("cpu[0-9]*/cpu_capacity")
    }
    largest = max(capacities.values(), default=0)
    return {core for core, capacity in capacities.items() if capacity < largest}


def core_list(text: str) -> set[int]:
    """Return the cores of a list as the Linux kernel writes it.

    >>> sorted(core_list("0-2,5"))
    [0, 1, 2, 5]
    """
    cores: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        cores |= set(range(int(first), int(last or first) + 1))
    return cores


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
