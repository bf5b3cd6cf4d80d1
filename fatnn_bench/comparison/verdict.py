"""Whether one time is faster than another, in one word that may be "I cannot tell".

A difference counts if it is both sure and large enough to matter: the 95% interval of the speedup lies on one side of
1, and the speedup itself is at least the *least effect*. That is what the person asked for, or the noise floor of the
runs where it is larger: the difference that a thing shows to itself once in a hundred times
(:mod:`fatnn_bench.records.repeats`). The word SAME is earned too: the whole interval must lie within what was asked
for, and the noise floor as well. A time that is mistrusted may be off by more than any interval knows; in turns with
another it is believed where it differs by more than a core that two programs share makes.
"""

from enum import StrEnum

from fatnn_bench.comparison.gain import Gain
from fatnn_bench.records.run import Row, Status

__all__ = ["MIN_EFFECT", "Verdict", "of_gain", "of_rows", "slower_by"]

#: How many times as long a thing takes on a core that another program has half of.
_SHARED_CORE = 2.0
#: Differences below this interest nobody, unless the person says otherwise.
MIN_EFFECT = 0.02


class Verdict(StrEnum):
    """What a comparison says."""

    FASTER = "FASTER"
    SLOWER = "SLOWER"
    SAME = "SAME"  #: no difference of the size asked for
    UNCLEAR = "UNCLEAR"  #: the noise hides whether there is one


def of_gain(gain: Gain, min_effect: float, floor: float = 0.0) -> Verdict:
    """Return the verdict on a speedup. One without an interval is UNCLEAR.

    Parameters
    ----------
    gain
        The speedup and its interval.
    min_effect, floor
        The relative difference that matters, 0.02 for 2%, and that which noise makes.

    Examples
    --------
    >>> str(of_gain(Gain(1.31, 1.27, 1.35), 0.02)), str(of_gain(Gain(1.01, 1.005, 1.015), 0.02))
    ('FASTER', 'SAME')
    """
    least = max(min_effect, floor)
    if gain.low > 1 and gain.speedup >= 1 + least:
        return Verdict.FASTER
    if gain.high < 1 and gain.speedup <= 1 / (1 + least):
        return Verdict.SLOWER
    if floor <= min_effect and 1 / (1 + min_effect) <= gain.low and gain.high <= 1 + min_effect:
        return Verdict.SAME
    return Verdict.UNCLEAR


def of_rows(gain: Gain, row: Row, base: Row, min_effect: float, floor: float) -> Verdict:
    """Return the verdict on the gain of a timed row over another.

    Where either time is mistrusted it is UNCLEAR, but for two that were measured in turns, so that what disturbed them
    disturbed both, and differ by more than a factor of two.
    """
    if Status.MISTRUSTED not in (row.status, base.status):
        return of_gain(gain, min_effect, floor)
    in_turns = row.block is not None and row.block == base.block
    if in_turns and (gain.low > _SHARED_CORE or gain.high < 1 / _SHARED_CORE):
        return of_gain(gain, min_effect, floor)
    return Verdict.UNCLEAR


def slower_by(speedup: float) -> float:
    """Return how much longer it takes, relative: 0.25 for a speedup of 0.8."""
    return 1 / speedup - 1
