"""Benchmarks of other tools become rows: those that are GEMMs with a time, and a word of the others."""

import json
import math

import pytest
from synthetic import make_row, make_run

from fatnn_bench.errors import UserError
from fatnn_bench.interchange import foreign, google_benchmark, pytest_benchmark
from fatnn_bench.interchange.foreign import Gemm, LeftOut
from fatnn_bench.records.run import Status

NAME = "Gemm/196/256/2304"


def google(*benchmarks):
    return json.dumps({"context": {"host_name": "board", "date": "2026-01-02"}, "benchmarks": list(benchmarks)})


def benchmark(name, real_time, unit="us", **more):
    return {"name": name, "run_name": name, "real_time": real_time, "time_unit": unit, "run_type": "iteration"} | more


def old(name, real_time):
    """As google-benchmark wrote them before 1.5."""
    return {"name": name, "iterations": 9, "real_time": real_time, "time_unit": "ms"}


def googles(*benchmarks):
    return google_benchmark.from_json(google(*benchmarks), "g.json")


@pytest.mark.parametrize(
    ("name", "gemm"),
    [
        ("Gemm/196/256/2304", Gemm("Gemm", 196, 256, 2304)),
        ("sgemm/3x4x5/threads:4/real_time", Gemm("sgemm", 3, 4, 5)),
        ("BM_MatMul<float>/min_time:2.000/3/4/5/repeats:3", Gemm("BM_MatMul<float>", 3, 4, 5)),
        ("ours:3x4x5", Gemm("ours", 3, 4, 5)),
        ("f32/net/M:3/N:4/K:5/real_time", Gemm("f32/net", 3, 4, 5)),
        ("Winograd/K:5/m:3/n:4", Gemm("Winograd", 3, 4, 5)),
    ],
)
def test_names_that_tell_a_gemm(name, gemm):
    assert foreign.gemm_of_name(name) == gemm


@pytest.mark.parametrize(
    "name", ["Softmax/1000", "Conv3x3/56/56/64", "Gemm/1/2/3/4", "Gemm/1/2", "Gemm/0/2/3", "", "a/1x2x3/4x5x6"]
)
def test_names_that_tell_none(name):
    with pytest.raises(LeftOut):
        foreign.gemm_of_name(name)


def test_benchmarks_of_others_are_rows_that_say_they_were_not_verified():
    run = googles(
        benchmark("BM_Gemm<int8>/196/256/2304", 900.0),
        benchmark("BM_Gemm<int8>/196/256/2304", 1.1, "ms"),
        benchmark("BM_Gemm<int8>/196/256/2304", 0.0, run_type="aggregate", aggregate_name="stddev"),
        benchmark("Softmax/1000", 3.0),
    )
    (row,) = run.rows
    assert row.case == "google-benchmark.BM_Gemm<int8>/196x256x2304/kernel@1"
    assert (row.shape["m"], row.shape["n"], row.shape["k"]) == (196, 256, 2304)
    assert row.median_s == pytest.approx(1e-3)
    assert row.gmacs_per_s == pytest.approx(196 * 256 * 2304 / 1e-3 * 1e-9)
    assert row.status is Status.MISTRUSTED
    (warning,) = run.warnings
    assert warning.startswith("g.json: left out 1 (Softmax/1000): no GEMM by its name")


@pytest.mark.parametrize(
    ("benchmarks", "samples_ms"),
    [
        ([old(NAME, 1.2), old(NAME, 1.3), old(f"{NAME}_mean", 1.25), old(f"{NAME}_stddev", 0.05)], [1.2, 1.3]),
        ([old(f"{NAME}_mean", 1.2), old(f"{NAME}_median", 1.3), old(f"{NAME}_stddev", 0.05)], [1.3]),
        ([old(f"{NAME}_mean", 1.2), old(f"{NAME}_stddev", 0.05)], [1.2]),
        ([benchmark(NAME, 2.0, "s"), benchmark(NAME, 1.0, "min")], [2e3, 6e4]),
    ],
)
def test_a_row_has_the_repetitions_or_else_the_median_or_the_mean(benchmarks, samples_ms):
    (row,) = googles(*benchmarks).rows
    assert row.samples_s == pytest.approx([1e-3 * ms for ms in samples_ms])


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (benchmark("B/1/2/3", 0.0, skipped=True, skip_message="no AVX"), "skipped there ('no AVX')"),
        (benchmark("B/1/2/3", 0.0, error_occurred=True, error_message="out"), "failed there ('out')"),
        (benchmark("gemm/1/2/3", math.nan), "its real_time is nan, expected a finite one above 0"),
        (benchmark("gemm/1/2/3", math.inf), "its real_time is inf"),
        (benchmark("gemm/1/2/3", 0), "its real_time is 0"),
        (benchmark("gemm/1/2/3", -1.0), "its real_time is -1"),
        (benchmark("gemm/1/2/3", "1.5"), "real_time: found '1.5', expected a valid number"),
        (benchmark("gemm/1/2/3", 1.0, "fortnight"), "its time_unit is 'fortnight', expected one of ns, us"),
        (benchmark("gemm/1/2/3", 1.0, threads=-1), "threads: found -1"),
        (benchmark("gemm/1/2/3_cv", 1.0, run_type="aggregate", aggregate_name="cv"), "it has no time but cv"),
        (benchmark("gemm/1/2/3_BigO", 1.0, run_type="aggregate", aggregate_name="BigO"), "it has no time but BigO"),
        (benchmark("gemm/3000000000/1/1", 1.0), "its sizes are none of a GEMM that can be counted"),
        ({"real_time": 1.0}, "(benchmarks.0): name: this field is missing"),
    ],
)
def test_what_cannot_be_taken_is_counted_and_named(fault, reason):
    run = googles(fault | ({"run_name": fault["name"].partition("_")[0]} if "name" in fault else {}), old(NAME, 1.0))
    assert len(run.rows) == 1
    (warning,) = run.warnings
    assert warning.startswith("g.json: left out 1 (")
    assert reason in warning


def test_two_benchmarks_of_one_case_are_told():
    run = googles(old(NAME, 1.0), old(f"{NAME}/real_time", 2.0))
    assert [row.median_s for row in run.rows] == [0.002]
    assert "stands more than once" in run.warnings[0]


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (google_benchmark.from_json, "{}", "benchmarks: this field is missing"),
        (google_benchmark.from_json, "<html>", "is no JSON of google-benchmark (expected value at line 1 column 1)"),
        (google_benchmark.from_json, google(), "holds no benchmark that can be taken: it has none"),
        (google_benchmark.from_json, google(benchmark("BM_Sort", 1.0)), "1 (BM_Sort): no GEMM by its name, such as"),
        (google_benchmark.from_json, "[" * 99 + "]" * 99, "is no JSON of google-benchmark (it nests deeper than"),
        (pytest_benchmark.from_json, "[]", "found a list, expected a mapping of fields to values"),
    ],
)
def test_what_holds_nothing_is_refused(read, text, message):
    with pytest.raises(UserError) as error:
        read(text, "g.json")
    assert message in str(error.value)


def pytests(**fields):
    entry = {"name": "test_gemm[binary-3x4x5]", "stats": {"data": [0.1, 0.3], "median": 0.2}} | fields
    machine = {"node": "n", "cpu": {"brand_raw": "CPU", "count": 2}, "python_version": "3.11.9"}
    return pytest_benchmark.from_json(json.dumps({"machine_info": machine, "benchmarks": [entry]}), "p.json")


@pytest.mark.parametrize(
    ("fields", "kernel", "samples"),
    [
        ({}, "test_gemm/binary", [0.1, 0.3]),
        ({"stats": {"median": 0.2, "mean": 0.5}}, "test_gemm/binary", [0.2]),
        ({"name": "t[x]", "params": {"M": 3, "n": 4, "k": 5, "kind": "fast"}}, "t/fast", [0.1, 0.3]),
        ({"name": "t[x]", "extra_info": {"m": 3, "n": 4, "k": 5}}, "t[x]", [0.1, 0.3]),
    ],
)
def test_pytests_benchmarks_are_rows(fields, kernel, samples):
    (row,) = pytests(**fields).rows
    assert (row.kernel, row.layer, row.samples_s) == (f"pytest-benchmark.{kernel}", "3x4x5", samples)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"stats": {}}, "it has no time"),
        ({"stats": None}, "stats: found nothing"),
        ({"stats": {"data": [0.1, math.nan]}}, "its time is nan"),
        ({"name": "test_sort"}, "no GEMM by its name"),
    ],
)
def test_pytests_benchmarks_that_cannot_be_taken(fields, message):
    with pytest.raises(UserError, match=message):
        pytests(**fields)


def test_what_is_written_for_the_others_is_read_from_them():
    run = make_run(make_row("binary", ms=1.0))
    again = pytest_benchmark.from_json(pytest_benchmark.to_json(run), "p.json")
    assert (again.rows[0].samples_s, again.rows[0].shape["k"]) == (run.rows[0].samples_s, run.rows[0].shape["k"])
