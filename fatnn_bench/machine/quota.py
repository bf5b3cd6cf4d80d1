"""The CPU time that Linux's control groups leave this process: a limit like the number of cores, which no mask shows.

A group that has spent its quota of a period stands still until the next one, all threads of it. Both versions of
control groups are read, and every group above this process's own, as each may have a limit.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["cores", "limited", "throttled_s", "usable_cores"]


def cores(root: Path = Path("/")) -> float | None:
    """Return how many cores' worth of time there is; None of no limit, or where the system tells none.

    Parameters
    ----------
    root
        Where ``/proc`` and ``/sys`` lie.
    """
    return min((limit for folder in _folders(root) if (limit := _limit(folder))), default=None)


def usable_cores() -> int:
    """Return how many logical cores this process may use: by its mask and by the quota of its control groups."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, int(cores() or count)))


def limited(root: Path = Path("/")) -> list[Path]:
    """Return the folders of the groups of this process that have a limit."""
    return [folder for folder in _folders(root) if _limit(folder)]


def throttled_s(folders: Sequence[Path]) -> float:
    """Return the seconds that groups have stood still so far, threads together."""
    return sum(map(_throttled_s, folders))


def _folders(root: Path) -> Iterator[Path]:
    """Those of the group of this process, and of all groups above it, where they can be seen."""
    base = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, named = line.partition(":")
        controllers, _, group = named.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        mounts = (base / controllers, base / "cpu") if controllers else (base,)
        mount = next((mount for mount in mounts if mount.is_dir()), base)
        folder = mount / group.lstrip("/")
        if ".." not in folder.parts:
            yield from (each for each in (folder, *folder.parents) if each == mount or mount in each.parents)


def _limit(folder: Path) -> float | None:
    """The cores' worth of time of one group: version 2 in one file, version 1 in two."""
    quota, _, period = _text(folder / "cpu.max").partition(" ")
    if not quota:
        quota, period = (_text(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(period) else None


def _throttled_s(folder: Path) -> float:
    told = dict(line.split(maxsplit=1) for line in _text(folder / "cpu.stat").splitlines() if " " in line)
    for name, unit in (("throttled_usec", 1e-6), ("throttled_time", 1e-9)):
        if told.get(name, "").isdecimal():
            return int(told[name]) * unit
    return 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
