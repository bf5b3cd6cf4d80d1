"""The clock: how many calls make a sample, and the samples."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

#: Less than a clock cycle.
_SHORTEST_CALL_S = 1e-11


@dataclass(frozen=True)
class Settings:
    """How long and how often to measure."""

    name: str
    samples: int  #: of each case, in all
    sample_s: float  #: the least that a sample lasts, seconds
    rounds: int  #: the samples of a layer's cases are taken in so many rounds, each in a fresh random order


STANDARD = Settings("standard", samples=20, sample_s=0.010, rounds=5)
QUICK = Settings("quick", samples=5, sample_s=0.002, rounds=5)
RIGOROUS = Settings("rigorous", samples=60, sample_s=0.020, rounds=12)


def seconds(run: Callable[[int], None], loops: int) -> float:
    """Seconds that ``loops`` calls take."""
    begin = time.perf_counter_ns()
    run(loops)
    return (time.perf_counter_ns() - begin) * 1e-9


def calibrate(run: Callable[[int], None], sample_s: float) -> int:
    """Return how many calls last at least ``sample_s`` seconds, and so warm the kernel up.

    The count grows until it is seen to last half of that, twice, lest an interruption pass for work; what is left is
    in proportion. The count of a kernel that computes nothing would grow for ever: it ends where calls would be
    shorter than any can be.
    """
    most = math.ceil(sample_s / _SHORTEST_CALL_S)
    loops = 1
    while (elapsed := _shorter_of_two(run, loops, sample_s / 2)) < sample_s / 2 and loops < most:
        loops = max(2 * loops, min(100 * loops, int(loops * sample_s / 2 / max(elapsed, 1e-9))))
    return min(most, math.ceil(loops * sample_s / max(elapsed, 1e-9)))


def _shorter_of_two(run: Callable[[int], None], loops: int, enough_s: float) -> float:
    """Seconds that ``loops`` calls take; measured again only if they seem to be enough."""
    elapsed = seconds(run, loops)
    return elapsed if elapsed < enough_s else min(elapsed, seconds(run, loops))
