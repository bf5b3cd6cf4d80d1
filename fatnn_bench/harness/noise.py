"""What disturbed samples, and what makes a time doubtful. Pure arithmetic on them."""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fatnn_bench.harness.conditions import Conditions
from fatnn_bench.harness.timing import LEAST_ROUNDS, Sample
from fatnn_bench.machine.gpu_clock import GpuClock

__all__ = ["Disturbance", "disturbances", "touched_rounds"]

#: A sample is touched if its threads were off their cores for more of the time than this, or than usual …
OFF_CPU = 0.05
#: … or a hypervisor took more than a tick of the kernel's clock, the least that it counts …
STEAL_S = 0.01
#: … or the canary before it was slower than usual by more than this.
SLOW_CANARY = 0.10
#: What "usual" is: a quantile, so that a clock which falls half-way does not become the usual one.
_USUAL = 0.25
#: A row is mistrusted if more of its samples are touched than this: a median bears fewer.
TOUCHED = 0.25
#: A row is mistrusted if the halves of its samples differ by more than this, and not by chance at this probability.
DRIFT, DRIFT_CHANCE = 0.05, 0.001
#: A row is mistrusted if its median is above its least sample, or differs from that of its twin, by more than this: of
#: the rows of quiet runs under results/, none is by more than 0.10.
FAR = 0.25
#: Threads had one core if they used no more than this, in calls that last long enough to be shared.
_ONE_CORE, _LONG_CALL_S = 1.1, 1e-3


class Disturbance(NamedTuple):
    """Something that disturbed samples, and in which rounds."""

    what: str  #: in words, to be followed by "in 3 of 20 rounds"
    rounds: list[int]


@dataclass(frozen=True)
class Observation:
    """A sample and the conditions before it."""

    sample: Sample
    conditions: Conditions
    waited: float = 0.0  #: the share of the threads' time in which they were ready, and had no core
    gpu: GpuClock | None = None  #: right after it, of what ran there


def disturbances(observations: Sequence[Observation], usual_canary_s: float, threads: int) -> list[Disturbance]:
    """Return what disturbed which samples of a case; ``observations`` has one a round."""
    if any(observation.sample.off_cpu is None for observation in observations):
        return _of_gpu([observation.gpu for observation in observations])  # the host only waited
    looks = [observation.conditions for observation in observations]
    off_cpu = [observation.sample.off_cpu or 0.0 for observation in observations]
    waiting = 0.0 if threads == 1 else usual(off_cpu)  # of several threads, one may wait for another
    found = [
        Disturbance(
            "something else had a core, or the kernel slept,",
            [i for i, share in enumerate(off_cpu) if share - waiting > OFF_CPU],
        ),
        Disturbance("threads waited for a core", [i for i, each in enumerate(observations) if each.waited > OFF_CPU]),
        Disturbance(
            "the quota of the control group was spent", [i for i, look in enumerate(looks) if look.throttled_s > 0]
        ),
        Disturbance("the hypervisor took the core", [i for i, look in enumerate(looks) if look.steal_s > STEAL_S]),
        Disturbance(
            f"the clock was slower by {SLOW_CANARY:.0%} or more",
            [i for i, look in enumerate(looks) if look.canary_s > (1 + SLOW_CANARY) * usual_canary_s],
        ),
    ]
    return [disturbance for disturbance in found if disturbance.rounds]


def _of_gpu(looks: Sequence[GpuClock | None]) -> list[Disturbance]:
    """What disturbed samples of a GPU; ``looks`` has one a round, None where nobody told."""
    known = {i: look for i, look in enumerate(looks) if look is not None}
    reasons = dict.fromkeys(look.slowed for look in known.values() if look.slowed)
    found = [
        Disturbance(f"the GPU was slowed down {why}", [i for i, look in known.items() if look.slowed == why])
        for why in reasons
    ]
    # periods, for which what is usual is as low a quantile as of a canary
    periods = {i: 1 / look.frequency_hz for i, look in known.items() if look.frequency_hz}
    slow = (1 + SLOW_CANARY) * usual(list(periods.values())) if periods else 0.0
    if rounds := [i for i, period in periods.items() if period > slow]:
        found.append(Disturbance(f"the GPU's clock was slower by {SLOW_CANARY:.0%} or more", rounds))
    return found


def usual(values: Sequence[float]) -> float:
    """Return what the canary takes, or how long threads wait for each other, when nothing disturbs them."""
    return float(np.quantile(values, _USUAL))


def touched_rounds(found: Sequence[Disturbance]) -> list[int]:
    """Return the rounds in which anything disturbed a sample, in order."""
    return sorted({i for disturbance in found for i in disturbance.rounds})


def had_one_core(observations: Sequence[Observation], threads: int) -> bool:
    """Return whether several threads used no more than one core, though there was work to share."""
    shares = [1 - each.sample.off_cpu for each in observations if each.sample.off_cpu is not None]
    if threads == 1 or not shares:
        return False
    long = statistics.median(each.sample.seconds for each in observations) >= _LONG_CALL_S
    return long and statistics.median(shares) * threads <= _ONE_CORE


def doubts(found: Sequence[Disturbance], samples_s: Sequence[float], twin_s: Sequence[float] = ()) -> Iterator[str]:
    """Yield why a row is to be mistrusted: nothing if it is not.

    Parameters
    ----------
    found
        Of :func:`disturbances`.
    samples_s, twin_s
        The samples, and those of the same case measured a second time, if it was.
    """
    count = len(samples_s)
    if len(touched_rounds(found)) > TOUCHED * count:
        yield from (f"{what} in {len(rounds)} of {count} rounds" for what, rounds in found)
    if drift := _drift(samples_s):
        yield f"its time {'rose' if drift > 0 else 'fell'} by {abs(drift):.0%} while it was measured"
    median, least = statistics.median(samples_s), min(samples_s)
    if median > (1 + FAR) * least:
        yield f"its median is {median / least:.3g} times its least sample"
    if len(twin_s) >= LEAST_ROUNDS and abs(math.log(statistics.median(twin_s) / median)) > math.log(1 + FAR):
        yield f"measured a second time, it took {statistics.median(twin_s) / median:.3g} times as long"


def _drift(samples_s: Sequence[float]) -> float:
    """The relative difference of the halves of the samples, the second from the first; 0 if small or by chance."""
    half = len(samples_s) // 2
    if 2 / math.comb(2 * half, half) > DRIFT_CHANCE:  # as unlikely as it gets: one half is all below the other
        return 0.0
    early, late = samples_s[:half], samples_s[-half:]
    drift = statistics.median(late) / statistics.median(early) - 1
    if abs(drift) <= DRIFT:
        return 0.0
    from scipy.stats import mannwhitneyu  # takes a second, which few processes need

    return drift if mannwhitneyu(early, late).pvalue <= DRIFT_CHANCE else 0.0
