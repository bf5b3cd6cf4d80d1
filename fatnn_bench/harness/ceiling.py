"""What the machine could do at best for a case: its limits, sampled in the rounds of the case itself.

No kernel of a product outruns the product's own instructions on registers, and none is done before its operands were
read. A GEMM of many rows uses each word often, and the first limit is the nearer one; at M = 1 each weight is used
once, and reading them may take longer than computing. Reading is measured on a buffer of as many bytes as the row
has, so that it comes from the same caches.
"""

from collections.abc import Sequence
from typing import Any

from fatnn_bench.contenders.protocol import Limit, Prepared
from fatnn_bench.harness import cold, timing
from fatnn_bench.harness.timing import Run, Settings
from fatnn_bench.records.run import Bound
from fatnn_bench.statistics import medians

__all__ = ["Ceiling", "ceiling"]

#: The share of a sample's time that the instructions get, in every round; reading gets as many calls as the kernel.
_SHARE = 0.2
#: Reading is sampled where one sample of it takes this share of the instructions' time: one alone does not decide.
_NEAR = 0.5


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
    work
        Of the case: multiply-accumulates, or bytes.
    run
        The loop.
    per_call
        The work of a call of it.
    loops
        Calls a sample.
    """

    def __init__(self, bound: Bound, work: int, run: Run, per_call: int, loops: int) -> None:
        self.bound, self.work = bound, work
        self.field = "peak_gmacs_per_s" if bound is Bound.OPERATIONS else "peak_gbytes_per_s"
        self._run, self._calls, self._loops = run, work / per_call, loops
        self._samples_s: list[float] = []

    def turn(self) -> None:
        self._run(1)  # the others' data were in the caches
        self._samples_s.append(timing.seconds(self._run, self._loops) / self._loops)

    @property
    def median_s(self) -> float:
        return medians.median(self._samples_s) * self._calls


def ceiling(prepared: Prepared, macs: int, loops: int, settings: Settings) -> Ceiling:
    """Return the limits of a case of one thread; that of reading only where it may be the nearer one.

    Parameters
    ----------
    prepared, macs, loops
        The kernel, its multiply-accumulates, and its calls a sample.
    settings
        How long samples are, and what the caches hold.
    """
    limit = prepared.limit
    if limit is None:
        return Ceiling()
    operations = _Timed(
        Bound.OPERATIONS, macs, limit.run, limit.macs, timing.calibrate(limit.run, settings.sample_s * _SHARE)
    )
    reading = _reading(limit, prepared, loops, settings)
    if reading is None:
        return Ceiling([operations])
    for timed in (operations, reading):
        timed.turn()
    return Ceiling([operations, reading] if reading.median_s > _NEAR * operations.median_s else [operations])


def _reading(limit: Limit, prepared: Prepared, loops: int, settings: Settings) -> _Timed | None:
    """Reading what a call finds as cold as its weights."""
    size = prepared.bytes
    if settings.cache == "cold-weights" and isinstance(prepared, cold.Activated):
        size -= prepared.activations.nbytes
    stream = limit.reading(size)
    if stream is None:
        return None
    run = cold.chilled(stream.run, prepared, settings.cache)
    return _Timed(Bound.BANDWIDTH, size, run, stream.bytes, loops)
