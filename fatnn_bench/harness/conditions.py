"""What the machine does to samples while they are taken: the canary, stolen time, a quota that is spent, the clock.

The canary is a fixed piece of work that shares nothing with any kernel: a hash of a block that lies in the innermost
cache. It takes longer when the core's clock falls or when something else has the core, and for no other reason.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import psutil

from fatnn_bench import machine
from fatnn_bench.harness import timing
from fatnn_bench.machine import affinity, quota

_BLOCK = bytes(16 * 1024)


@dataclass(frozen=True)
class Conditions:
    """The state of the machine just before some samples."""

    canary_s: float  #: seconds that the canary took
    steal_s: float  #: taken from the core by a hypervisor since the conditions before
    throttled_s: float = 0.0  #: that threads stood still since then, for their control group had spent its quota


class Watch:
    """Looks at the conditions of a core, or of all of them.

    Parameters
    ----------
    canary_s
        How long a look may take, seconds.
    core
        The one that this process is pinned to; None if to none.
    root
        Where ``/proc`` and ``/sys`` lie.
    """

    def __init__(self, canary_s: float, core: int | None = None, root: Path = Path("/")) -> None:
        self._core, self._root = core, root
        self._loops = timing.calibrate(_sing, canary_s)
        self._steal_s, self._groups = self._stolen(), quota.limited(root)
        self._throttled_s = quota.throttled_s(self._groups)

    def look(self) -> Conditions:
        """Run the canary, and see what was stolen, or not granted, since the last look."""
        before, self._steal_s = self._steal_s, self._stolen()
        stood, self._throttled_s = self._throttled_s, quota.throttled_s(self._groups)
        canary_s = timing.seconds(_sing, self._loops)
        return Conditions(canary_s, max(0.0, self._steal_s - before), max(0.0, self._throttled_s - stood))

    def frequency_hz(self) -> float | None:
        """The clock of the core now, where the system tells."""
        return machine.frequency_hz(self._core or 0, self._root)

    def _stolen(self) -> float:
        """Seconds that a hypervisor has taken so far; 0 where the system does not tell."""
        if self._core is None:
            return float(getattr(psutil.cpu_times(), "steal", 0.0))
        by_core = affinity.by_core(psutil.cpu_times(percpu=True), self._root)
        return float(getattr(by_core.get(self._core), "steal", 0.0))


def _sing(loops: int) -> None:
    for _ in range(loops):
        hashlib.sha256(_BLOCK)
