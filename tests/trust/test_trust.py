import numpy as np
import pandas as pd
import pytest
from synthetic import make_row, make_run

from fatnn_bench.contenders.problems import Problems
from fatnn_bench.records.run import Status
from fatnn_bench.trust import planted, trial
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


def test_layers_are_twenty_of_different_names():
    assert len({layer.full_name for layer in planted.layers()}) == 20


def test_a_slowed_kernel_takes_the_place_of_the_honest_one():
    run = make_run(make_row("planted-0", ms=1.0), make_row("planted-3", ms=1.03))
    (row,) = trial._as_honest(run, 3).rows
    assert (row.case, row.kernel, row.median_s) == ("planted-0/net.conv1/kernel@1", "planted-0", 1.03e-3)


def verdicts(*verdicts, floor):
    return pd.DataFrame({"verdict": verdicts, "floor": floor})


def test_a_tally_counts_verdicts_and_those_of_quiet_runs_apart():
    tables = [verdicts("SLOWER", "SAME", floor=0.01), verdicts("SLOWER", "FASTER", "UNCLEAR", floor=0.05)]
    assert trial.tally(tables) == trial.Tally(5, different=3, slower=2, unclear=1, resolved=2, slower_resolved=1)


def test_the_spread_is_of_the_extremes():
    none = trial.Tally(0, 0, 0, 0, 0, 0)
    assert trial.Report("", "", [], none, {}, [10.0, 10.1, 10.2]).spread == pytest.approx(0.02)


def test_mistrusted_rows_are_never_called_different():
    from fatnn_bench.comparison.compare_runs import ratios

    before = make_run(make_row("planted-0", ms=1.0), platform="before")
    after = make_run(make_row("planted-0", ms=2.0, status=Status.MISTRUSTED), platform="after")
    assert trial.tally([ratios([before, after])]).different == 0
