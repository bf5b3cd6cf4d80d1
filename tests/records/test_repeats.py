import math

import numpy as np
import pytest
from synthetic import make_noise, make_row, make_run

from fatnn_bench.records import repeats
from fatnn_bench.records.run import Noise


def row(kernel, layer, times_ms, block="b"):
    """A row of a process a time, each with three samples around it."""
    samples = [ms * 1e-3 * x for ms in times_ms for x in (0.999, 1.0, 1.001)]
    return make_row(kernel, layer, ms=1.0, samples_s=samples, processes=[3] * len(times_ms), block=block)


def rows(of_a_time, of_a_process, layers=30, kernels=6, seed=0):
    """Rows of three processes, with deviations of their own, and what a process does to all of them alike."""
    rng = np.random.default_rng(seed)
    return [
        row(str(kernel), f"conv{layer}", np.exp(rng.normal(0, of_a_time, 3) + shared), block=f"b{layer}")
        for layer in range(layers)
        for shared in [rng.normal(0, of_a_process, 3)]
        for kernel in range(kernels)
    ]


@pytest.mark.parametrize("of_a_process", [0.0, 0.2])
def test_what_a_process_does_to_all_alike_is_no_part_of_ratios(of_a_process):
    known = repeats.found(rows(0.01, of_a_process), ())
    # the model allows for cases that scatter, and these are all alike: its variance is the smaller one
    assert 0.6 < math.sqrt(known.in_turns.variance / 2) / 0.01 < 1.1
    assert 0.6 < math.sqrt(known.alone.variance) / math.hypot(0.01, of_a_process) < 1.1
    assert known.processes == 3


def test_a_noisy_case_does_not_make_the_others_unsure():
    quiet = rows(0.01, 0.0)
    noisy = [*quiet, row("noisy", "conv0", [0.5, 1.0, 2.0], block="b0")]
    assert repeats.floor(repeats.found(noisy, ())) < 1.1 * repeats.floor(repeats.found(quiet, ()))


def test_twins_tell_of_a_single_process():
    rng = np.random.default_rng(3)
    pairs = [{"case": "c", "ratio": math.exp(z)} for z in rng.normal(0, 0.02, 200)]
    known = repeats.found([make_row("a", ms=1.0)], [Noise(block="b", floor=None, pairs=pairs, canary_s=[])])
    assert 0.7 < math.sqrt(known.in_turns.variance) / 0.02 < 1.1
    assert known.alone.variance == known.in_turns.variance / 2


def test_without_repeats_nothing_is_resolved_and_nothing_known():
    run = make_run(make_row("a", ms=1.0), make_row("b", ms=1.0, block="b"))
    assert repeats.floor(repeats.of(run)) is repeats.floor_between(repeats.of(run), repeats.NONE) is None


def test_the_floor_is_what_one_ratio_in_a_hundred_of_equals_exceeds():
    rng = np.random.default_rng(4)
    equals = np.exp(np.abs(rng.normal(0, 0.01 * math.sqrt(2), (20_000, 3)).mean(axis=1))) - 1
    floor = repeats.floor(repeats.found(rows(0.01, 0.0), ()))
    assert np.mean(equals > floor) < 0.01 < np.mean(equals > 0.6 * floor)


def test_of_two_runs_the_one_that_repeats_tells_of_the_floor():
    known, other = repeats.found((), make_noise(0.03)), repeats.NONE
    assert repeats.floor_between(known, other) == pytest.approx(math.expm1(math.log(1.03) / math.sqrt(2)))
    assert repeats.floor_between(known, known) == pytest.approx(0.03, rel=0.02)


def test_a_process_that_was_lost_is_left_out_of_ratios():
    whole = row("a", "conv1", [1.0, 2.0, 4.0])
    short = make_row("b", ms=1.0, samples_s=[1e-3] * 6, processes=[3, 0, 3], block="b")
    assert short.log_times == pytest.approx({0: math.log(1e-3), 2: math.log(1e-3)})
    known = repeats.found([whole, short], ())
    assert known.in_turns.freedom == pytest.approx(0.5)


def test_what_a_row_has_worked_out_is_no_field_of_it():
    fresh, used = row("a", "conv1", [1.0, 2.0, 4.0]), row("a", "conv1", [1.0, 2.0, 4.0])
    assert used.log_times
    assert used.by_process
    assert (used, used.flat(), used.to_json()) == (fresh, fresh.flat(), fresh.to_json())


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_layers_of_a_block_tell_how_much_a_process_does_to_a_kernel_in_all_of_them(share):
    rng = np.random.default_rng(5)
    of_a_kernel, own = rng.normal(0, 0.01, (6, 1, 5)), rng.normal(0, 0.01, (6, 30, 5))
    logs = math.sqrt(share) * of_a_kernel + math.sqrt(1 - share) * own + rng.normal(0, 0.1, 5)
    table = [row(str(k), f"conv{i}", np.exp(logs[k, i])) for k in range(6) for i in range(30)]
    known = repeats.found(table, ())
    assert known.in_turns.shared == pytest.approx(share, abs=0.15)
    assert known.alone.shared > 0.95  # of the process, whatever it times
