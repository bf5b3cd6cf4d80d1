import dataclasses

import pandas as pd
import pytest
from synthetic import make_noise, make_row, make_run

from fatnn_bench.comparison import compare_runs
from fatnn_bench.errors import Exit, NothingComparableError
from fatnn_bench.records.run import Status

A = make_run(make_row("binary", ms=2.0), make_row("int8", ms=4.0), make_row("float32", ms=8.0), source="a.jsonl")
B = make_run(
    make_row("binary", ms=1.0),
    make_row("int8", status=Status.SKIPPED, reason="needs VNNI"),
    make_row("two-bit", ms=3.0),
    source="b.jsonl",
)


def test_ratios_over_the_first_run():
    table = compare_runs.ratios([A, B]).set_index("kernel")
    assert table.loc["binary", "speedup"] == pytest.approx(2)
    assert table.loc["binary", "low"] < 2 < table.loc["binary", "high"]
    assert set(table["run"]) == {"b"}
    assert set(table["baseline"]) == {"a"}


def test_cases_of_one_run_only_are_listed():
    table = compare_runs.ratios([A, B]).set_index("kernel")
    assert table.loc["float32", "status"] == "absent"
    assert table.loc["two-bit", "baseline_status"] == "absent"
    assert (table.loc["int8", "status"], table.loc["int8", "reason"]) == ("SKIPPED", "needs VNNI")
    assert pd.isna(table.loc[["float32", "two-bit", "int8"], "speedup"]).all()


def test_means_count_what_they_leave_out():
    means = compare_runs.means([A, B]).iloc[0]
    assert (means["cases"], means["left_out"]) == (1, 3)
    assert means["speedup"] == pytest.approx(2)


def test_a_run_over_itself_is_one_everywhere():
    means = compare_runs.means([A, A]).iloc[0]
    assert (means["speedup"], means["low"], means["high"]) == pytest.approx((1, 1, 1))


def test_swapping_runs_inverts_ratios():
    forth, back = compare_runs.ratios([A, B]).iloc[0], compare_runs.ratios([B, A]).iloc[0]
    assert forth["speedup"] * back["speedup"] == pytest.approx(1)


def test_three_runs():
    table = compare_runs.ratios([A, B, dataclasses.replace(A, source="c.jsonl")])
    assert list(table["run"].unique()) == ["b", "c"]
    assert table.loc[table["run"] == "c", "speedup"].dropna().tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize(
    ("runs", "labels"),
    [
        ([("x/1.jsonl", "native"), ("x/2.jsonl", "cuda")], ["native", "cuda"]),
        ([("x/1.jsonl", "native"), ("x/2.jsonl", "native")], ["1", "2"]),
        ([("x/1.jsonl", "p"), ("x/2.jsonl", "p"), ("y/2.jsonl", "q")], ["p/1", "p/2", "q/2"]),
        ([("x/1.jsonl", "p"), ("x/1.jsonl", "p")], ["run 1", "run 2"]),
    ],
)
def test_labels_are_the_shortest_that_differ(runs, labels):
    made = [make_run(source=source, platform=platform) for source, platform in runs]
    assert compare_runs.labels(made) == labels


@pytest.mark.parametrize(
    ("ms", "status", "word"),
    [(1.0, "PASSED", "FASTER"), (2.0, "PASSED", "SAME"), (3.0, "PASSED", "SLOWER"), (1.0, "MISTRUSTED", "UNCLEAR")],
)
def test_each_ratio_has_a_verdict(ms, status, word):
    table = compare_runs.ratios([A, make_run(make_row("binary", ms=ms, status=status), source="b.jsonl")])
    assert table.set_index("kernel")["verdict"].dropna().to_dict() == {"binary": word}


def test_what_counts_is_the_larger_of_what_was_asked_and_the_noise():
    slower = make_run(make_row("binary", ms=2.2), source="b.jsonl", noise=make_noise(0.15))
    table = compare_runs.ratios([dataclasses.replace(A, noise=make_noise(0.15)), slower])
    assert table["least_effect"].tolist() == pytest.approx([0.15] * len(table), rel=0.05)
    assert table["verdict"].iloc[0] == "UNCLEAR"
    assert compare_runs.ratios([A, dataclasses.replace(slower, noise=())], 0.05)["verdict"].iloc[0] == "SLOWER"


def test_rows_measured_in_turns_are_compared_round_by_round():
    drift = [1.0, 1.5, 0.8, 2.0, 1.1, 1.9, 0.7]
    before = make_row("int8", ms=2.0, samples_s=[2e-3 * x for x in drift], block="x")
    after = make_row("int8", ms=1.0, samples_s=[1e-3 * x for x in drift], block="x")

    def interval(*rows):
        table = compare_runs.ratios([make_run(row, source=f"{i}.jsonl") for i, row in enumerate(rows)])
        return table["low"].iloc[0], table["high"].iloc[0]

    assert interval(before, after) == pytest.approx((2, 2))
    low, high = interval(before, dataclasses.replace(after, block="y"))
    assert low < 1.5 < 2.5 < high


def test_machines_differ_in_what_both_tell():
    machines = [{"cpu": "X", "logical_cores": 2}, {"cpu": "X", "logical_cores": 4, "memory_bytes": 2**34}, {"cpu": "Y"}]
    runs = [make_run(source=f"{i}.jsonl", machine=machine) for i, machine in enumerate(machines)]
    assert compare_runs.differing_machines(runs[:1] * 2) == ""
    assert compare_runs.differing_machines(runs) == "logical_cores is 2 in 0 and 4 in 1; cpu is X in 0 and Y in 2"


def test_nothing_in_common():
    other = make_run(make_row("binary", ms=1.0, case="binary/net.conv1/kernel@2", threads=2), source="b.jsonl")
    with pytest.raises(
        NothingComparableError, match=r"no timed case in common.*a holds 3, such as .*@1; b holds 1.*@2"
    ) as error:
        compare_runs.ratios([A, other])
    assert error.value.exit_code == Exit.NOTHING


def test_one_name_of_two_shapes_is_not_compared():
    wide = {"name": "conv1", "m": 49, "n": 512, "k": 9216, "count": 2}
    later = make_run(make_row("binary", ms=1.0, shape=wide), make_row("int8", ms=4.0), source="b.jsonl")
    table = compare_runs.ratios([A, later]).set_index("kernel")
    assert (table.loc["binary", "status"], table.loc["binary", "reason"]) == (
        "another shape",
        "k is 9216, and 4608 in a",
    )
    assert pd.isna(table.loc["binary", ["speedup", "median_s", "verdict"]]).all()
    assert compare_runs.means([A, later]).iloc[0][["cases", "left_out"]].tolist() == [1, 2]
