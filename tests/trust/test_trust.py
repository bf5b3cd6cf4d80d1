import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import psutil
import pytest
from synthetic import make_row, make_run

from fatnn_bench.cli import trust as command
from fatnn_bench.contenders.problems import Problems
from fatnn_bench.records.run import Status
from fatnn_bench.trust import judgement, planted
from fatnn_bench.trust.load import busy
from fatnn_bench.workload.layers import bare_gemm
from fatnn_kernels.product import TERNARY_VALUES


@pytest.mark.parametrize("percent", [0, 3, 10])
def test_a_planted_kernel_is_right_and_has_its_extra_rows(percent):
    problem = Problems(bare_gemm(100, 5, 45), "kernel", 0).of(TERNARY_VALUES, TERNARY_VALUES)
    prepared = planted.Planted(percent).prepare(problem, 1)
    prepared.spoil()
    prepared.run(1)
    np.testing.assert_array_equal(prepared.result(), problem.right)
    assert len(prepared._whole._x.term) >= 100 + percent


def test_a_hundredth_of_every_layer_is_a_whole_tile():
    problems = [Problems(layer, "kernel", 0).of(TERNARY_VALUES, TERNARY_VALUES) for layer in planted.layers()[:2]]
    for problem in problems:
        tiles = [len(planted.Planted(p).prepare(problem, 1)._whole._x.words) for p in (0, 3, 10)]
        assert tiles == [100, 103, 110]


def test_layers_are_six_of_different_names():
    assert len({layer.full_name for layer in planted.layers()}) == 6


def test_a_slowed_kernel_takes_the_place_of_the_honest_one():
    run = make_run(make_row("planted-0", ms=1.0), make_row("planted-3", ms=1.03))
    (row,) = judgement._as_honest(run, 3).rows
    assert (row.case, row.kernel, row.median_s) == ("planted-0/net.conv1/kernel@1", "planted-0", 1.03e-3)


def verdicts(*verdicts, floor):
    return pd.DataFrame({"verdict": verdicts, "floor": floor})


def test_a_tally_counts_verdicts_and_those_of_quiet_runs_apart():
    tables = [verdicts("SLOWER", "SAME", floor=0.01), verdicts("SLOWER", "FASTER", "UNCLEAR", floor=0.05)]
    assert judgement.tally(tables) == judgement.Tally(
        5, different=3, slower=2, unclear=1, resolved=2, slower_resolved=1
    )


def ratios(*gains):
    """A table of a run: one ratio, its ends 10% away."""
    kernels = {"kernel": ["float32", "planted-0"], "layer": "conv1"}
    return [pd.DataFrame(kernels | {"speedup": [1, x], "low": [1, x / 1.1], "high": [1, x * 1.1]}) for x in gains]


def test_an_interval_holds_where_the_others_together_lie_in_it():
    found = judgement.coverage(ratios(1.0, 1.05, 1.5), ["layer", "kernel"], ("speedup", "low", "high"))
    # the others' geometric means are 1.25, 1.22 and 1.02
    assert (found.intervals, found.held) == (3, 0)
    found = judgement.coverage(ratios(1.0, 1.05, 1.0, 1.0, 1.2), ["layer", "kernel"], ("speedup", "low", "high"))
    assert (found.intervals, found.held) == (5, 4)
    assert found.half_width == pytest.approx(np.log(1.1))


def test_what_has_no_interval_or_stands_alone_is_not_counted():
    alone, unsure = ratios(1.0), ratios(1.0, 1.0)
    unsure[1].loc[1, "low"] = np.nan
    for tables in (alone, unsure):
        assert judgement.coverage(tables, ["layer", "kernel"], ("speedup", "low", "high")).intervals == 0


def trial_run(number, noise, **changes):
    """A run of three processes on four layers, in which nothing but chance and the planted work differs."""
    rng = np.random.default_rng(number)
    rows = []
    for layer in range(4):
        for kernel, ms in (("float32", 10.0), ("planted-0", 1.0), ("planted-3", 1.03), ("planted-10", 1.1)):
            by_process = ms * 1e-3 * np.exp(rng.normal(0, noise, 3))
            row = make_row(kernel, f"conv{layer}", ms=1.0, processes=[3] * 3, block=f"b{number}")
            median_s = float(np.exp(np.log(by_process).mean()))
            rows.append(replace(row, median_s=median_s, samples_s=np.repeat(by_process, 3).tolist(), **changes))
    return make_run(*rows, platform=f"run-{number}", source="")


def test_runs_that_are_quiet_keep_what_is_promised():
    report = judgement.judge([trial_run(i, 0.002) for i in range(20)])
    assert (report.runs, report.of_layers.intervals, report.of_means.intervals) == (20, 240, 60)
    assert report.of_layers.held >= 0.9 * 240
    assert report.of_means.held >= 0.8 * 60
    assert (report.same.comparisons, report.same.different) == (76, 0)
    assert (report.planted[3].slower, report.planted[10].slower) == (152, 152)
    assert len(report.ratios) == 10
    assert report.spread < 0.02
    assert (report.quiet.mistrusted, report.quiet.reason) == (0, "")


def test_of_a_busy_machine_less_is_promised_and_of_no_other():
    report = judgement.judge([trial_run(i, 0.002) for i in range(20)])
    assert all(kept for _, kept in command._findings(report))
    worse = replace(report, of_layers=judgement.Coverage(100, 87, 0.02), ratios=[10.0, 11.0])
    missed = [sentence for sentence, kept in command._findings(worse) if not kept]
    assert len(missed) == 2
    assert missed[0].startswith("of 100 95% intervals of speedups, 87 (87%) hold")
    assert missed[1].endswith("a spread of 10.0% (promised: at most 2%)")
    busy = replace(worse, quiet=replace(worse.quiet, busy=True, reason="the clock fell"))
    assert all(kept for _, kept in command._findings(busy))
    assert (
        "one core kept busy: 0% of its times are MISTRUSTED, most often because the clock fell"
        in command._how_quiet(busy)
    )


def test_the_most_frequent_doubt_is_told_without_its_figures():
    bad = {"status": Status.MISTRUSTED, "reason": "in 2 of 3 processes: the clock fell in 3 of 7 rounds; and more"}
    report = judgement.judge([trial_run(0, 0.01), trial_run(1, 0.01, **bad)], busy=True)
    assert (report.quiet.busy, report.quiet.mistrusted, report.quiet.reason) == (True, 0.5, "the clock fell")
    assert report.same.different == 0


def test_a_load_is_there_and_ends():
    with busy():
        (load,) = psutil.Process().children()
        begin = time.monotonic()
        while sum(load.cpu_times()[:2]) < 0.5:
            assert time.monotonic() - begin < 60
            time.sleep(0.05)
    assert not load.is_running()


def test_a_load_ends_with_whoever_started_it():
    code = "import time\nfrom fatnn_bench.trust.load import busy\nwith busy():\n print(flush=True)\n time.sleep(60)"
    starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    with starter:
        starter.stdout.readline()
        (load,) = psutil.Process(starter.pid).children()
        os.kill(starter.pid, signal.SIGKILL)
    psutil.wait_procs([load], timeout=30)
    assert not load.is_running()
