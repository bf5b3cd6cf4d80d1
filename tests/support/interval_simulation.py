"""Which interval holds: ways to make one of a few processes, tried on worlds whose truth is known.

``PYTHONPATH=tests/support python -m interval_simulation`` prints the table of docs/measurement.md. A run has four
layers of five kernels, whose true ratios are all 1, in three processes of seven rounds. How often the 95% intervals of
ratios to the first kernel hold 1 is the coverage; in the world of one noisy kernel, also of that one alone.
"""

import math
import sys
from collections.abc import Callable

import numpy as np
from scipy import stats
from synthetic import make_row

from fatnn_bench.comparison import gain
from fatnn_bench.records import repeats
from fatnn_bench.statistics import medians

LAYERS, KERNELS, PROCESSES, ROUNDS = 4, 5, 3, 7
NOISY = (1, 2)  #: layer and kernel of the noisy case
#: What rounds of a process, and a kernel's place in it, make of a time.
_OF_A_ROUND, _OF_A_PLACE = 0.01, 0.005


def _run(rng, of_a_place=_OF_A_PLACE, of_a_process=0.01, lift=0.0, shared=0.0, layers=LAYERS):
    """Logarithms of times, shape (layers, kernels, processes, rounds); layers share places with this correlation."""
    times = rng.normal(0, of_a_process, (1, 1, PROCESSES, 1))
    places = rng.normal(size=(layers, KERNELS, PROCESSES, 1))
    if shared:
        places = math.sqrt(1 - shared) * places + math.sqrt(shared) * rng.normal(size=(1, KERNELS, PROCESSES, 1))
    times = times + of_a_place * places + lift
    return times + rng.normal(0, _OF_A_ROUND, (layers, KERNELS, PROCESSES, ROUNDS))


def alike(rng):
    return _run(rng)


def unlike(rng):
    return _run(rng, _OF_A_PLACE * np.exp(rng.normal(0, 0.7, (LAYERS, KERNELS, 1, 1))))


def one_noisy(rng):
    places = np.full((LAYERS, KERNELS, 1, 1), _OF_A_PLACE)
    places[NOISY] = 20 * _OF_A_PLACE
    return _run(rng, places)


def bad_places(rng):
    return _run(rng, lift=0.15 * (rng.random((LAYERS, KERNELS, PROCESSES, 1)) < 0.1))


def busy(rng):
    others = (rng.random((LAYERS, KERNELS, PROCESSES, ROUNDS)) < 0.25) * rng.gamma(2, 0.2, (1, 1, 1, ROUNDS))
    return _run(rng, 6 * _OF_A_PLACE, 0.1) + others


def sharing(shared, layers=8):
    """A world whose layers share what a process does to a kernel."""
    return lambda rng: _run(rng, 3 * _OF_A_PLACE, shared=shared, layers=layers)


WORLDS = {
    "all cases alike": alike,
    "some noisier than others": unlike,
    "one 20 times noisier": one_noisy,
    "one place in ten 15% slower": bad_places,
    "a busy machine": busy,
}


def one_process(times, rng):
    """What the rounds of one process leave unsure, as many as the three have together."""
    middle = np.median(times, axis=3, keepdims=True)
    first = times - middle + middle[:, :, :1]
    ratios = (first[:, :1] - first[:, 1:]).reshape(-1, PROCESSES * ROUNDS)
    return np.median(ratios, axis=1), 1.96 * np.sqrt(medians.log_variances(np.exp(ratios)))


def _by_process(times):
    """The logarithm of each ratio in each process, shape (ratios, processes)."""
    middle = np.median(times, axis=3)
    return (middle[:, :1] - middle[:, 1:]).reshape(-1, PROCESSES)


def two_levels(times, rng, resamples=400):
    """Processes drawn again, and rounds within them."""
    ratios = (times[:, :1] - times[:, 1:]).reshape(-1, PROCESSES, ROUNDS)
    process = rng.integers(PROCESSES, size=(resamples, PROCESSES))
    rounds = rng.integers(ROUNDS, size=(resamples, PROCESSES, ROUNDS))
    drawn = ratios[:, process[:, :, None], rounds]
    low, high = np.quantile(np.median(drawn, axis=3).mean(axis=2), [0.025, 0.975], axis=1)
    return (low + high) / 2, (high - low) / 2


def students(times, rng):
    """Each case by itself."""
    logs = _by_process(times)
    return logs.mean(axis=1), stats.t.ppf(0.975, PROCESSES - 1) * stats.sem(logs, axis=1)


def pooled(times, rng):
    """One variance for all cases."""
    logs = _by_process(times)
    variance = np.median(logs.var(axis=1, ddof=1)) / (stats.chi2.median(PROCESSES - 1) / (PROCESSES - 1))
    return logs.mean(axis=1), np.full(len(logs), 1.96 * math.sqrt(variance / PROCESSES))


def mixed_model(times, rng):
    """What the suite does."""
    rows, known = _rows(times)
    return _intervals(gain.of_layers([(row, base) for base, *others in rows for row in others], known))


def of_means(times, rng, block="b"):
    """Geometric means over the layers."""
    rows, known = _rows(times, block)
    return _intervals(gain.means(_by_kernel(rows), known))


def of_totals(times, rng, block="b"):
    """Whole networks, whose kernels are all as fast."""
    rows, known = _rows(times, block)
    return _intervals(gain.of_networks(_by_kernel(rows), known))


def apart(method):
    """Of layers that have processes of their own, as the rows say."""
    return lambda times, rng: method(times, rng, "b{layer}")


def _rows(times, block="b"):
    """Rows by layer and kernel, and what their repeats tell."""
    rows = [
        [
            make_row(
                str(kernel), f"conv{layer}", ms=1.0, block=block.format(layer=layer), processes=[ROUNDS] * PROCESSES,
                samples_s=np.exp(times[layer, kernel]).ravel().tolist(),
                median_s=math.exp(np.median(times[layer, kernel], axis=1).mean()),
            )
            for kernel in range(KERNELS)
        ]
        for layer in range(len(times))
    ]  # fmt: skip
    known = repeats.found([row for layer in rows for row in layer], ())
    return rows, gain.Known(known, known)


def _by_kernel(rows):
    return [[(layer[kernel], layer[0]) for layer in rows] for kernel in range(1, KERNELS)]


def _intervals(gains):
    return np.log([each.speedup for each in gains]), np.log([each.high / each.low for each in gains]) / 2


METHODS: dict[str, Callable[..., object]] = {
    "rounds of one process": one_process,
    "two-level bootstrap": two_levels,
    "Student, each case alone": students,
    "one pooled variance": pooled,
    "mixed model": mixed_model,
}


def coverage(world, method, runs, seed=0):
    """Return how often the interval of each ratio held the truth, shape (ratios,), and the median of half widths."""
    rng = np.random.default_rng(seed)
    middles, halves = zip(*(method(world(rng), rng) for _ in range(runs)), strict=True)
    return (np.abs(middles) <= halves).mean(axis=0), float(np.median(halves))


def main(runs=1000):
    print("|", " | ".join(["world", *METHODS]), "|")
    print("|", " | ".join(["---"] * (1 + len(METHODS))), "|")
    for name, world in WORLDS.items():
        cells = []
        for method in METHODS.values():
            held, half = coverage(world, method, runs)
            noisy = held[NOISY[0] * (KERNELS - 1) + NOISY[1] - 1]
            of_it = f", of it {noisy:.0%}" if world is one_noisy else ""
            cells.append(f"{held.mean():.0%}{of_it} (±{half:.1%})")
        print("|", " | ".join([name, *cells]), "|")
    for shared in (0.0, 0.35, 1.0):
        means = [coverage(sharing(shared), method, runs) for method in (apart(of_means), of_means)]
        cells = [f"{held.mean():.0%} (±{half:.1%})" for held, half in means]
        print(f"means of eight layers, correlation {shared}: {cells[0]} if taken for independent, {cells[1]} together")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
