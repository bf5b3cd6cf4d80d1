"""What the machine could do at best for a case: its limits, sampled in the rounds of the case itself.

No kernel of a product outruns the product's own instructions on registers, and none is done before its operands were
read. A GEMM of many rows uses each word often, and the first limit is the nearer one; at M = 1 each weight is used
once, and reading them may take longer than computing. Reading is measured on a buffer of as many bytes as the row
has, so that it comes from the same caches.
"""

from collections.abc import Sequence
from typing import Any

from fatnn_bench.comparison import statistics
from fatnn_bench.harness import cold, timing
from fatnn_bench.harness.contender import Limit, Loop, Prepared
from fatnn_bench.harness.timing import Run, Settings
from fatnn_bench.results.records import Bound

__all__ = ["Ceiling", "ceiling"]

#: The share of a sample's time that each limit gets, in every round.
_SHARE = 0.2


class Ceiling:
    """The limits of a case; none, where its kernel has none."""

    def __init__(self, limits: "Sequence[_Timed]" = ()) -> None:
        self._limits = limits

    def turn(self) -> None:
        """Take a sample of each."""
        for limit in self._limits:
            limit.turn()

    def fields(self, median_s: float) -> dict[str, Any]:
        """Return what a row says of its limits, given its time."""
        rates: dict[str, Any] = {limit.field: limit.work / limit.median_s * 1e-9 for limit in self._limits}
        nearer = max(self._limits, key=lambda limit: limit.median_s, default=None)
        if nearer is None:
            return rates
        return rates | {"peak_fraction": nearer.median_s / median_s, "limit": nearer.bound}


class _Timed:
    """A loop at a limit, and how long the work of a case takes there.

    Parameters
    ----------
    bound
        Which limit.
    loop
        What is timed.
    calls
        How many calls of it do the work of the case.
    work
        That work: multiply-accumulates, or bytes.
    """

    def __init__(self, bound: Bound, loop: Loop, calls: float, work: int) -> None:
        self.bound, self.work = bound, work
        self.field = "peak_gmacs_per_s" if bound is Bound.OPERATIONS else "peak_gbytes_per_s"
        self._loop, self._calls = loop, calls
        self._run: Run = loop.run
        self._loops = 0
        self._samples_s: list[float] = []

    def calibrate(self, prepared: Prepared, settings: Settings) -> None:
        """Choose the calls a sample, and take the first."""
        self._loops = timing.calibrate(self._loop.run, settings.sample_s * _SHARE)
        if self.bound is Bound.BANDWIDTH and settings.cache != "warm":
            self._run = cold.chilled(self._loop.run, prepared, settings.cache)
            self._loops = min(self._loops, cold.CALLS)
        self.turn()

    def turn(self) -> None:
        self._loop.run(1)  # the others' data were in the caches
        self._samples_s.append(timing.seconds(self._run, self._loops) / self._loops)

    @property
    def median_s(self) -> float:
        return statistics.median(self._samples_s) * self._calls


def ceiling(prepared: Prepared, macs: int, settings: Settings) -> Ceiling:
    """Return the limits of a case of one thread, calibrated; that of reading only where it is the nearer one."""
    if prepared.limit is None:
        return Ceiling()
    operations = _Timed(Bound.OPERATIONS, prepared.limit, macs / prepared.limit.macs, macs)
    operations.calibrate(prepared, settings)
    reading = _reading(prepared.limit, prepared, settings)
    if reading is None or reading.median_s < operations.median_s:
        return Ceiling([operations])
    return Ceiling([operations, reading])


def _reading(limit: Limit, prepared: Prepared, settings: Settings) -> _Timed | None:
    """Reading what a call finds as cold as its weights."""
    size = prepared.bytes
    if settings.cache == "cold-weights" and isinstance(prepared, cold.Activated):
        size -= prepared.activations.nbytes
    stream = limit.reading(size)
    if stream is None:
        return None
    timed = _Timed(Bound.BANDWIDTH, stream, size / stream.bytes, size)
    timed.calibrate(prepared, settings)
    return timed
