"""What a run measured more than once, in several processes or under two names, and what that tells of all its cases."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.records.run import Noise, Row, Run
from fatnn_bench.statistics import between, medians
from fatnn_bench.statistics.between import Estimate, Pooled

__all__ = ["NONE", "Repeats", "alone", "floor", "floor_between", "found", "of"]

#: One comparison of a thing with itself in a hundred shows more than the noise floor.
_WITHIN = 0.99

#: A row, and the logarithm of its time in each process.
_Timed = tuple[Row, Mapping[int, float]]


class Repeats(NamedTuple):
    """The variances between processes, of logarithms, of the typical case of a run."""

    alone: Pooled  #: of a time
    in_turns: Pooled  #: of the ratio of two times that were measured in turns
    processes: float  #: that the typical case was measured in


NONE = Repeats(between.UNKNOWN, between.UNKNOWN, 1.0)


def of(run: Run) -> Repeats:
    """Return what the repeats of a run tell of its cases."""
    return found(run.rows, run.noise)


def found(rows: Iterable[Row], noise: Iterable[Noise]) -> Repeats:
    """Return what the repeats among rows, and those that records of noise tell of, say of all cases.

    Between processes, the ratios of the kernels of a layer are compared, which were measured in turns. Of one kernel
    under two names in one process, the ratio is 1 but for noise.
    """
    times = [(row, row.log_times) for row in rows if row.timed]
    twins = np.log([pair["ratio"] for record in noise for pair in record.pairs if "ratio" in pair])
    layers = _layers(times)
    in_turns = _between_kernels(layers) + [_Spread(twins**2, 1.0, float(len(twins)))] * bool(len(twins))
    blocks = _blocks(times)
    alone = _between_times(blocks)
    known = _pooled(in_turns)
    of_a_time = _pooled(alone) if alone else known._replace(variance=known.variance / 2)
    return Repeats(
        alone=of_a_time._replace(shared=_shared(blocks.values())),
        in_turns=known._replace(shared=_shared(_effects(layers))),
        processes=float(np.median([len(each) for _, each in times])) if times else 1.0,
    )


def alone(rows: Sequence[Row], known: Pooled) -> list[Estimate]:
    """Return how sure the logarithm of each time is, of a run whose repeats are known."""
    logs = [list(row.log_times.values()) for row in rows]
    within = iter(medians.log_variances(samples for row in rows for samples in row.by_process if samples))
    return between.estimates([(each, list(islice(within, len(each)))) for each in logs], known)


class _Spread(NamedTuple):
    """Variances of the same degrees of freedom, and the degrees of freedom of all of them together."""

    variances: NDArray[np.float64]
    freedom_of_each: float
    freedom: float


def _layers(times: Sequence[_Timed]) -> list[tuple[list[Row], NDArray[np.float64]]]:
    """The rows of each layer that were measured in turns, and their logarithms, shape (rows, processes of all)."""
    layers: dict[tuple[str, str], list[_Timed]] = defaultdict(list)
    for row, logs in times:
        if row.block is not None:
            layers[row.block, row.layer].append((row, logs))
    return [([row for row, _ in each], _common([logs for _, logs in each])) for each in layers.values()]


def _between_kernels(layers: Sequence[tuple[list[Row], NDArray[np.float64]]]) -> list[_Spread]:
    """The ratio of every two kernels of a layer: variances between the processes that all of them were measured in."""
    spreads = []
    for _, table in layers:
        if table.shape[0] > 1 and table.shape[1] > 1:
            i, j = np.triu_indices(len(table), 1)
            own = table.shape[1] - 1.0
            spreads.append(_Spread((table[i] - table[j]).var(axis=1, ddof=1), own, own * (len(table) - 1)))
    return spreads


def _effects(layers: Sequence[tuple[list[Row], NDArray[np.float64]]]) -> Iterable[list[NDArray[np.float64]]]:
    """What processes do to a kernel beside what they do to all of its layer, in each layer of a block."""
    kernels: dict[tuple[object, ...], list[NDArray[np.float64]]] = defaultdict(list)
    for rows, table in layers:
        for row, effects in zip(rows, table - table.mean(axis=0), strict=True):
            kernels[row.block, row.kernel, row.scope, row.threads, len(effects)].append(effects)
    return kernels.values()


def _shared(groups: Iterable[Sequence[Sequence[float] | NDArray[np.float64]]]) -> float:
    """The mean correlation between cases of the same processes; groups have shape (cases, processes).

    Of unit vectors u, Σᵢ≠ⱼ uᵢ·uⱼ = |Σ u|² − n; a noisy case counts no more than another.
    """
    alike, pairs = 0.0, 0
    for group in map(np.asarray, groups):
        if group.shape[1] > 1:
            apart = group - group.mean(axis=1, keepdims=True)
            length = np.linalg.norm(apart, axis=1, keepdims=True)
            u = np.divide(apart, length, where=length > 0, out=np.zeros_like(apart))
            n = int(np.count_nonzero(length))
            alike, pairs = alike + float(np.sum(u.sum(axis=0) ** 2)) - n, pairs + n * (n - 1)
    return max(alike / pairs, 0.0) if pairs else 0.0


def _blocks(times: Sequence[_Timed]) -> dict[tuple[str | None, int], list[list[float]]]:
    """The logarithms of the cases of each block, by how many processes they have."""
    blocks: dict[tuple[str | None, int], list[list[float]]] = defaultdict(list)
    for row, logs in times:
        if len(logs) > 1:
            blocks[row.block, len(logs)].append(list(logs.values()))
    return blocks


def _between_times(blocks: Mapping[tuple[str | None, int], list[list[float]]]) -> list[_Spread]:
    """The times of each case. What a process does to all cases of a block alike is seen only once in the block."""
    return [
        _Spread(np.var(each, axis=1, ddof=1), processes - 1.0, processes - 1.0)
        for (_, processes), each in blocks.items()
    ]


def _common(kernels: Sequence[Mapping[int, float]]) -> NDArray[np.float64]:
    """The logarithms of kernels in the processes that have all of them, shape (kernels, processes)."""
    processes = [process for process in kernels[0] if all(process in each for each in kernels)]
    return np.array([[each[process] for process in processes] for each in kernels]).reshape(len(kernels), -1)


def _pooled(spreads: Sequence[_Spread]) -> Pooled:
    return between.pooled(
        np.concatenate([each.variances for each in spreads]) if spreads else (),
        np.concatenate([np.full(len(each.variances), each.freedom_of_each) for each in spreads]) if spreads else (),
        sum(each.freedom for each in spreads),
    )


def floor(known: Repeats) -> float | None:
    """Return the least relative difference that a run resolves, 0.01 for 1%: half the 99% interval of a typical ratio.

    None of a run that repeats nothing.
    """
    return _resolved([(known.in_turns, known.processes)])


def floor_between(*runs: Repeats) -> float | None:
    """Return what runs resolve of a time in both of them: half the 99% interval of a typical case over itself."""
    return _resolved([(known.alone, known.processes) for known in runs])


def _resolved(sides: Sequence[tuple[Pooled, float]]) -> float | None:
    """By those sides that tell of their repeats."""
    known = [(pooled.variance / processes, processes) for pooled, processes in sides if pooled.freedom]
    if not known:
        return None
    freedom = between.WEIGHT + min(processes for _, processes in known) - 1
    return math.expm1(between.half_width(Estimate(sum(variance for variance, _ in known), freedom), _WITHIN))
