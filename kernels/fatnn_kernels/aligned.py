"""Arrays that begin with a cache line, side by side in huge pages where the system gives them.

Where an array lies decides which others it displaces from a cache that is indexed by physical addresses, as
second-level caches are. In pages of 4 KiB that is drawn anew in every process; in one of 2 MiB it is not.

The memory is anonymous and private. Shared memory, which is what :mod:`mmap` maps unless it is told otherwise, would be
one and the same in a process and its forks, which then write into each other's arrays, and gets no huge pages.
"""

import math
import mmap
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

#: Bytes of a cache line and of the widest register: a load that crosses lines counts as two.
LINE_BYTES = 64
#: Of a huge page, on x86-64 and on AArch64 with pages of 4 KiB.
_HUGE_BYTES = 2 * 2**20
#: What Linux tells of this process's memory, all mappings together.
_MEMORY = Path("/proc/self/smaps_rollup")


def aligned(shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array of zeros in C order whose first item begins a cache line; NumPy's begin anywhere in one.

    Any thread may ask, and after a fork both processes: no two arrays overlap, and none is shared.

    Parameters
    ----------
    shape
        The dimensions, none negative.
    dtype
        The type of an item, as NumPy takes it.

    Returns
    -------
    ndarray
        Of that shape and dtype.

    Raises
    ------
    ValueError
        A dimension is negative.
    MemoryError
        The system has not so much memory.
    """
    sides = shape if isinstance(shape, tuple) else (shape,)
    if any(side < 0 for side in sides):
        raise ValueError(f"the shape is {sides}; expected no negative side")
    size = math.prod(sides) * np.dtype(dtype).itemsize
    return _pages.take(size).view(dtype).reshape(shape)


def gets_huge_pages() -> bool | None:
    """Whether :func:`aligned` has huge pages here and now: looked at, in pages just written; None where none can tell.

    They can be switched off for a machine, a container or a process, and run out where memory is in small pieces.

    Returns
    -------
    bool or None
        Whether there were, for 4 MiB that were asked for and written.
    """
    before = _bytes_in_huge_pages()
    pages = _fresh(2 * _HUGE_BYTES)
    pages.fill(1)
    after = _bytes_in_huge_pages()
    return None if before is None or after is None else after - before >= len(pages)


def _bytes_in_huge_pages() -> int | None:
    """Of this process, of anonymous memory."""
    try:
        lines = _MEMORY.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("AnonHugePages:")), None)


class _Pages:
    """Huge pages of which arrays get slices; a page is free again when the last of its arrays is gone."""

    def __init__(self) -> None:
        self._rests: deque[NDArray[np.uint8]] = deque()  # what is left of pages: one, or more where threads met

    def take(self, size: int) -> NDArray[np.uint8]:
        """A slice of ``size`` bytes that begins a cache line.

        Who takes from a rest owns it meanwhile: a deque gives each item to one. Nobody waits, so that neither a signal
        nor a fork finds a lock held.
        """
        room = -(-size // LINE_BYTES) * LINE_BYTES
        try:
            rest = self._rests.pop()
        except IndexError:
            rest = _fresh(room)
        if room > len(rest):
            rest = _fresh(room)
        self._rests.append(rest[room:])
        return rest[:size]


def _fresh(size: int) -> NDArray[np.uint8]:
    """Whole huge pages of zeros, of at least ``size`` bytes; ordinary ones where the system has no others."""
    whole = max(1, -(-size // _HUGE_BYTES)) * _HUGE_BYTES
    try:
        memory = mmap.mmap(-1, whole + _HUGE_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, OverflowError):
        raise MemoryError(f"{size} bytes cannot be allocated") from None
    if hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    pages = np.frombuffer(memory, np.uint8)
    first = -pages.ctypes.data % _HUGE_BYTES
    return pages[first : first + whole]


_pages = _Pages()
