"""The clock: how long to measure, how many calls make a sample, and the samples."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

#: Calls a kernel so many times; returns the seconds where a clock of its own tells better than the host's, else None.
Run: TypeAlias = Callable[[int], float | None]

#: Less than a clock cycle.
SHORTEST_CALL_S = 1e-11

#: The fewest rounds: of fewer samples, an interval says little.
LEAST_ROUNDS = 5
#: The fewest of them in one process of several.
_LEAST_OF_A_SHARE = 3

Order = Literal["interleaved", "grouped"]
Cache = Literal["warm", "cold-weights", "cold"]


@dataclass(frozen=True)
class Settings:
    """How long and how often to measure."""

    name: str
    rounds: int  #: the samples of a case, one a round, unless its time is spent before
    sample_s: float  #: the least that a sample lasts, seconds
    case_s: float  #: the time of a case: it gets more rounds while its median is not sure, until this is spent
    precision: float  #: half the 95% interval of a median that is sure, 0.01 for ±1% of it
    order: Order = "interleaved"  #: the cases in turns, or (``grouped``) all samples of a case in a row
    cache: Cache = "warm"  #: where calls find their operands; see :mod:`fatnn_bench.harness.cold`
    processes: int = 1  #: that share the rounds of a case; see :mod:`fatnn_bench.launch.spread`
    least_rounds: int = LEAST_ROUNDS  #: of a case, whatever its time

    @property
    def share(self) -> "Settings":
        """What one of the processes does: together they take the rounds and the time, and are as sure of the median."""
        return replace(
            self,
            rounds=math.ceil(self.rounds / self.processes),
            case_s=self.case_s / self.processes,
            precision=self.precision * math.sqrt(self.processes),
            processes=1,
            least_rounds=max(math.ceil(self.least_rounds / self.processes), min(_LEAST_OF_A_SHARE, self.least_rounds)),
        )


STANDARD = Settings("standard", rounds=20, sample_s=0.010, case_s=0.3, precision=0.01, processes=3)
QUICK = Settings("quick", rounds=5, sample_s=0.002, case_s=0.03, precision=0.02)
RIGOROUS = Settings("rigorous", rounds=60, sample_s=0.020, case_s=5.0, precision=0.005, processes=3)


class Sample(NamedTuple):
    """One measurement."""

    seconds: float  #: a call
    off_cpu: float | None  #: the share of the threads' time in which they did not run; None of what ran elsewhere


def seconds(run: Run, loops: int) -> float:
    """Seconds that ``loops`` calls take."""
    begin = time.perf_counter_ns()
    told = run(loops)
    return (time.perf_counter_ns() - begin) * 1e-9 if told is None else told


def sample(run: Run, loops: int, threads: int = 1) -> Sample:
    """Measure ``loops`` calls, and whether something else had the cores meanwhile, or threads slept."""
    clock = time.thread_time_ns if threads == 1 else time.process_time_ns
    begin, begin_cpu = time.perf_counter_ns(), clock()
    told = run(loops)
    on_cpu = (clock() - begin_cpu) * 1e-9 / threads
    elapsed = (time.perf_counter_ns() - begin) * 1e-9
    if told is not None:
        return Sample(told / loops, None)
    return Sample(elapsed / loops, max(0.0, 1 - on_cpu / elapsed))


def calibrate(run: Run, sample_s: float) -> int:
    """Return how many calls last at least ``sample_s`` seconds, and so warm the kernel up.

    The count grows until it is seen to last half of that, twice, lest an interruption pass for work; what is left is
    in proportion. The count of a kernel that computes nothing would grow for ever: it ends where calls would be
    shorter than any can be.
    """
    most = math.ceil(sample_s / SHORTEST_CALL_S)
    loops = 1
    while (elapsed := _shorter_of_two(run, loops, sample_s / 2)) < sample_s / 2 and loops < most:
        loops = max(2 * loops, min(100 * loops, int(loops * sample_s / 2 / max(elapsed, 1e-9))))
    return min(most, math.ceil(loops * sample_s / max(elapsed, 1e-9)))


def _shorter_of_two(run: Run, loops: int, enough_s: float) -> float:
    """Seconds that ``loops`` calls take; measured again only if they seem to be enough."""
    elapsed = seconds(run, loops)
    return elapsed if elapsed < enough_s else min(elapsed, seconds(run, loops))
