import numpy as np
import pandas as pd
import pytest
from synthetic import make_row, make_run, mixed_run

from fatnn_bench.comparison import compare
from fatnn_bench.errors import Exit, NothingComparableError, UserError
from fatnn_bench.records.run import Status


def by(table, *keys):
    return table.set_index(list(keys))


def test_default_baseline_is_the_fastest_float32_of_each_layer():
    table = by(compare.speedups(mixed_run()), "layer", "kernel")
    assert table.loc[("conv1", "binary"), "baseline"] == "blas.float32"
    assert table.loc[("conv1", "binary"), "speedup"] == pytest.approx(16)
    assert table.loc[("conv2_x", "binary"), "baseline"] == "float32"
    assert table.loc[("conv2_x", "binary"), "speedup"] == pytest.approx(10)
    assert table.loc[("conv1", "float32"), "speedup"] == pytest.approx(0.8)
    assert tuple(table.loc[("conv2_x", "float32"), ["speedup", "low", "high"]]) == (1, 1, 1)


def test_interval_holds_the_speedup():
    table = compare.speedups(mixed_run()).dropna(subset="speedup")
    assert (table["low"] <= table["speedup"]).all()
    assert (table["speedup"] <= table["high"]).all()


def test_untimed_rows_keep_status_and_reason_and_get_no_number():
    table = by(compare.speedups(mixed_run()), "layer", "kernel")
    skipped, failed = table.loc[("conv1", "int8")], table.loc[("conv2_x", "int8")]
    assert (skipped["status"], skipped["reason"]) == ("SKIPPED", "needs VNNI")
    assert failed["status"] == "FAILED"
    assert table.loc[(slice(None), "int8"), ["median_s", "speedup", "low", "high"]].isna().all(axis=None)


def test_a_failed_row_gets_no_number_even_if_it_holds_one():
    run = make_run(
        make_row("float32", ms=1.0), make_row("binary", ms=0.1), make_row("int8", ms=0.01, status=Status.FAILED)
    )
    row = by(compare.speedups(run), "kernel").loc["int8"]
    assert pd.isna(row["speedup"])
    assert pd.isna(row["median_s"])


def test_a_mistrusted_float32_is_the_baseline_only_if_there_is_no_other():
    doubtful = make_row("float32", ms=1.0, status=Status.MISTRUSTED, reason="throttled")
    both = make_run(doubtful, make_row("blas.float32", ms=2.0))
    assert set(compare.speedups(both)["baseline"]) == {"blas.float32"}
    alone = make_run(doubtful, make_row("binary", ms=0.5))
    assert set(compare.speedups(alone)["baseline"]) == {"float32"}


def test_only_equal_scope_and_threads_are_compared():
    run = make_run(
        make_row("float32", ms=8.0),
        make_row("binary", ms=1.0),
        make_row("binary", ms=0.5, threads=2),
        make_row("binary", ms=2.0, scope="layer"),
    )
    table = by(compare.speedups(run), "scope", "threads", "kernel")
    assert table.loc[("kernel", 1, "binary"), "speedup"] == pytest.approx(8)
    assert np.isnan(table.loc[("kernel", 2, "binary"), "speedup"])
    assert np.isnan(table.loc[("layer", 1, "binary"), "speedup"])


def test_another_baseline():
    table = by(compare.speedups(mixed_run(), "binary"), "layer", "kernel")
    assert table.loc[("conv1", "float32"), "speedup"] == pytest.approx(0.05)
    assert set(table["baseline"]) == {"binary"}


def test_unknown_baseline_is_refused_with_the_names_there_are():
    with pytest.raises(UserError, match=r"no kernel 'sse'.*its kernels are float32, blas.float32, int8, binary$"):
        compare.speedups(mixed_run(), "sse")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "holds no time in its 0 rows"),
        ([make_row("int8", status=Status.SKIPPED)], "holds no time in its 1 rows"),
        ([make_row("binary", ms=1.0), make_row("int8", ms=2.0)], "a time for a float32 kernel.*choose one of them"),
        ([make_row("float32", ms=1.0)], "nothing to compare"),
        ([make_row("float32", "a", ms=1.0), make_row("binary", "b", ms=1.0)], "no layer has a time for"),
    ],
)
def test_nothing_comparable(rows, message):
    with pytest.raises(NothingComparableError, match=message) as error:
        compare.speedups(make_run(*rows))
    assert error.value.exit_code == Exit.NOTHING


def test_the_later_row_of_a_case_counts():
    run = make_run(make_row("float32", ms=1.0), make_row("binary", ms=1.0), make_row("binary", ms=0.5))
    table = compare.speedups(run)
    assert list(table["kernel"]) == ["float32", "binary"]
    assert table["speedup"].iloc[1] == pytest.approx(2)


def test_total_is_the_sum_of_count_and_time_over_the_best_baselines():
    totals = by(compare.totals(mixed_run()), "kernel")
    assert totals.loc["binary", "total_s"] == pytest.approx(0.5e-3 + 3 * 0.4e-3)
    assert totals.loc["binary", "baseline_total_s"] == pytest.approx(8e-3 + 3 * 4e-3)
    assert totals.loc["binary", "speedup"] == pytest.approx(20 / 1.7)
    assert totals.loc["binary", "geometric_mean"] == pytest.approx((16 * 10) ** 0.5)
    assert totals.loc["binary", "low"] < 20 / 1.7 < totals.loc["binary", "high"]


def test_a_network_with_a_layer_missing_has_no_total_and_says_which():
    totals = by(
        compare.totals(make_run(*mixed_run().rows, make_row("int8", "fc", ms=1.0), make_row("float32", "fc", ms=2.0))),
        "kernel",
    )
    assert totals.loc["int8", "left_out"] == ["conv1", "conv2_x"]
    assert totals.loc["binary", "left_out"] == ["fc"]  # it has no row there at all
    assert totals["total_s"].notna().to_dict() == {
        "float32": True,
        "blas.float32": False,
        "binary": False,
        "int8": False,
    }
    assert totals.loc["int8", "layers"] == 1
    assert totals.loc["int8", "geometric_mean"] == pytest.approx(2)


def test_the_overall_gain_is_of_the_whole_network_or_else_of_the_mean():
    rows = [*mixed_run().rows, make_row("float32", "fc", ms=2.0)]
    for run, column in ((mixed_run(), "speedup"), (make_run(*rows), "geometric_mean")):
        gains = {row["kernel"]: row for row in compare.totals(run).to_dict(orient="records")}
        assert compare.overall(gains["binary"]).speedup == gains["binary"][column]
        assert compare.overall(gains["int8"]) is None


def test_bare_products_are_no_network_and_have_no_total():
    rows = [make_row(k, "64x64x64", ms=ms, network=None) for k, ms in (("float32", 2.0), ("binary", 1.0))]
    totals = by(compare.totals(make_run(*rows)), "kernel")
    assert totals["total_s"].isna().all()
    assert totals.loc["binary", "geometric_mean"] == pytest.approx(2)


def test_kernels_of_two_shapes_of_one_name_are_not_compared():
    wide = make_row("float32", ms=9.0, shape={"name": "conv1", "m": 49, "n": 512, "k": 9216})
    other = make_row("binary", ms=3.0, shape=wide.shape)
    before = make_row("float32", ms=4.0, case="before")  # or the later float32 would count
    table = compare.speedups(make_run(before, make_row("int8", ms=1.0), wide, other))
    speedups = table.set_index(["layer", "kernel"])["speedup"]
    assert speedups["conv1 of 49×512×4608, shape 1"].to_dict() == pytest.approx({"float32": 1, "int8": 4})
    assert speedups["conv1 of 49×512×9216, shape 2"].to_dict() == pytest.approx({"float32": 1, "binary": 3})


def test_words_for_the_baseline():
    assert compare.baseline_words("blas.float32", None) == "blas.float32, the fastest float32 of each layer"
    assert compare.baseline_words(None, None) == "the fastest float32 of each layer"
    assert compare.baseline_words("int8", "int8") == "int8"


def test_batch_sizes_of_a_whole_network_have_no_total():
    rows = [
        make_row(k, f"b{b}", b * ms, scope="network") for b in (1, 16) for k, ms in (("float32", 4.0), ("int8", 2.0))
    ]
    totals = by(compare.totals(make_run(*rows)), "kernel")
    assert np.isnan(totals.loc["int8", "total_s"])
    assert totals.loc["int8", "geometric_mean"] == pytest.approx(2)
