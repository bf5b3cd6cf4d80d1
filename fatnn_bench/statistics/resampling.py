"""Medians of resamples: of samples alone, or of the rounds in which two rows were measured together.

Notes
-----
Of a row alone no resample is made, for its median asks for two ranks only. Of n samples drawn with replacement, the
k-th smallest has rank ⌊n·U₍ₖ₎⌋, where U₍ₖ₎, the k-th smallest of n uniform numbers, is Beta(k, n−k+1). The next one is
the least of the n−k numbers above it: U₍ₖ₊₁₎ = 1 − (1−U₍ₖ₎)·V^(1/(n−k)) with a uniform V.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESAMPLES", "Floats", "Pair", "Ranks", "medians", "medians_of_groups", "medians_of_pairs"]

#: The ends of a 95% interval then move by 2% of its width from seed to seed.
RESAMPLES = 2000

#: Draws of middles that are kept, one for each side of each ratio of a mean.
_STREAMS = 4096
#: Draws of rounds that are kept, bytes: 512 of 60 rounds. A file may have 10,000 rounds a row, and 40 MB are one draw.
_BYTES_OF_ROUNDS = 128 * 2**20
#: Pairs that are resampled at once: with more, a core's cache would not hold what is worked on.
_PAIRS = 16

Floats = NDArray[np.float64]
Ranks = NDArray[np.intp]


class Pair(NamedTuple):
    """The samples of two rows, each of shape (samples,)."""

    above: Floats
    below: Floats
    paired: bool  #: whether sample i of both was measured in round i


def medians(rows: Floats, seed: int, stream: int) -> Floats:
    """Return the medians of resamples of rows of samples, shape (rows, RESAMPLES); NaN for rows of a single sample.

    Rows of one length and stream are resampled alike; of other streams, independently.
    """
    return _medians(rows, _middles(rows.shape[1], seed, stream))


def _medians(rows: Floats, middles: Ranks) -> Floats:
    if rows.shape[1] == 1:
        return np.full((len(rows), RESAMPLES), np.nan)
    low, high = middles
    halves = np.sort(rows, axis=1) / 2
    found: Floats = halves.take(low, axis=1)
    found += halves.take(high, axis=1)
    return found


def medians_of_pairs(
    pairs: Sequence[Pair], seed: int, stream: int, rising: bool = False
) -> Iterator[tuple[Ranks, Floats, Floats]]:
    """Yield places of some pairs, and the medians of resamples above and below, each of shape (places, RESAMPLES).

    Where a pair is ``paired``, rounds are resampled with all that was measured in them. One side may have fewer
    samples: then its median is that of those it has, and NaN in a resample of rounds of which it has none. ``rising``
    brings the others into an order in which ratios about rise, whatever the samples are; it couples streams.
    """
    alike: dict[tuple[int, int, bool], list[int]] = {}
    for place, (above, below, paired) in enumerate(pairs):
        alike.setdefault((above.size, below.size, paired), []).append(place)
    for (n, m, paired), places in alike.items():
        for start in range(0, len(places), _PAIRS):
            at = places[start : start + _PAIRS]
            above, below = np.stack([pairs[i].above for i in at]), np.stack([pairs[i].below for i in at])
            if paired:
                counts = _counts(max(n, m), seed, 2 * stream)
                yield np.array(at), _medians_of_rounds(above, counts), _medians_of_rounds(below, counts)
            else:
                top, bottom = _middles_of_both(n, m, seed, stream, rising)
                yield np.array(at), _medians(above, top), _medians(below, bottom)


def medians_of_groups(groups: Sequence[Sequence[Pair]], seed: int) -> Iterator[tuple[int, Ranks, Floats, Floats]]:
    """Yield a place within groups of pairs, which groups have it, and the medians of their pairs there.

    The pairs of a group are resampled independently, for each place has a stream of its own; groups are resampled
    alike, so that many cost little more than one. The medians are those of :func:`medians_of_pairs`.
    """
    for place in range(max(map(len, groups), default=0)):
        having = np.array([i for i, group in enumerate(groups) if place < len(group)])
        for at, above, below in medians_of_pairs([groups[i][place] for i in having], seed, place):
            yield place, having[at], above, below


@lru_cache(_STREAMS)
def _middles(n: int, seed: int, stream: int) -> Ranks:
    """The ranks of the two middle values in resamples of n, shape (2, RESAMPLES); they are the same for odd n."""
    rng, k = np.random.default_rng([seed, stream]), (n + 1) // 2
    low = rng.beta(k, n + 1 - k, size=RESAMPLES)
    high = low if n % 2 else 1 - (1 - low) * rng.random(RESAMPLES) ** (1 / (n - k))
    return np.minimum(n * np.stack([low, high]), n - 1).astype(np.intp)


@lru_cache(_STREAMS)
def _middles_of_both(n: int, m: int, seed: int, stream: int, rising: bool) -> tuple[Ranks, Ranks]:
    above, below = _middles(n, seed, 2 * stream), _middles(m, seed, 2 * stream + 1)
    if not rising:
        return above, below
    order = np.argsort(_spread(above, n) - _spread(below, m))
    return above[:, order], below[:, order]


def _spread(middles: Ranks, n: int) -> Floats:
    """About where a median of these ranks lies: samples are the farther apart, the farther out they are."""
    spread: Floats = np.log((middles + 0.5) / (n - 0.5 - middles)).sum(axis=0)
    return spread


def _medians_of_rounds(rows: Floats, counts: NDArray[np.uint16]) -> Floats:
    """The medians of rows in resamples of rounds, which ``counts`` has.

    The k-th smallest of a resample is sample #{i : fewer than k of it are among the i smallest samples}.
    """
    if rows.shape[1] == 1:
        return np.full((len(rows), RESAMPLES), np.nan)
    drawn = counts[: rows.shape[1]].sum(axis=0, dtype=counts.dtype)
    order = np.argsort(rows, axis=1)
    among, low, high = np.zeros((3, len(rows), RESAMPLES), counts.dtype)
    for column in order.T[:-1]:
        among += counts[column]
        low += among < (drawn + 1) // 2
        high += among < drawn // 2 + 1
    starts = rows.shape[1] * np.arange(len(rows))[:, None]
    halves = np.take_along_axis(rows, order, axis=1) / 2
    found: Floats = halves.take(starts + low)
    found += halves.take(starts + high)
    found[:, drawn == 0] = np.nan
    return found


_kept: OrderedDict[tuple[int, int, int], NDArray[np.uint16]] = OrderedDict()


def _counts(n: int, seed: int, stream: int) -> NDArray[np.uint16]:
    """How often each of n rounds is in a resample, shape (n, RESAMPLES); the last ones drawn are kept."""
    key = n, seed, stream
    if key not in _kept:
        room = _BYTES_OF_ROUNDS - n * RESAMPLES * np.dtype(np.uint16).itemsize
        while _kept and sum(each.nbytes for each in _kept.values()) > room:
            _kept.popitem(last=False)
        _kept[key] = _drawn_counts(n, seed, stream)
    _kept.move_to_end(key)
    return _kept[key]


def _drawn_counts(n: int, seed: int, stream: int) -> NDArray[np.uint16]:
    rng, resamples = np.random.default_rng([seed, stream]), np.arange(RESAMPLES)
    counts = np.zeros((n, RESAMPLES), np.uint16)
    for _ in range(n):  # one round for every resample: all draws at once would take ten times the memory
        counts[rng.integers(n, size=RESAMPLES), resamples] += 1
    return counts
