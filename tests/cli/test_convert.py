"""Results in the formats of others, and back."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pandas as pd
import pytest
from synthetic import make_row, make_run, mixed_run

import fatnn_bench as fb
from fatnn_bench.errors import UserError
from fatnn_bench.interchange import google_benchmark, pytest_benchmark, tabular
from fatnn_bench.records import resume, store


def full_run():
    row = make_row(
        "binary", "7x5x33", 2.0, network=None, stages_s={"product": 1e-3}, codegen={"tile": "6x4", "vector_bits": 512}
    )
    return make_run(*mixed_run().rows, row, make_row("int8", 'a "quoted", name\nof two lines', reason="3"))


def test_csv_is_read_back_as_it_was():
    run = full_run()
    assert tabular.from_csv(tabular.to_csv(run), "r.csv").rows == run.rows


@pytest.mark.parametrize(
    "made",
    [
        lambda run: tabular.from_csv(tabular.to_csv(run), "r.csv"),
        lambda run: google_benchmark.from_json(google_benchmark.to_json(run), "r.json"),
        lambda run: pytest_benchmark.from_json(pytest_benchmark.to_json(run), "r.json"),
        lambda run: resume.merged([run, make_run(make_row("two-bit"))], run.header.created, ["fatnn-bench", "merge"]),
    ],
    ids=["csv", "google-benchmark", "pytest-benchmark", "merge"],
)
def test_what_is_made_of_a_run_is_written_and_read(tmp_path, made):
    run = made(make_run(make_row("binary", "7x5x33", 2.0, network=None), make_row("int8", "49x512x4608", 3.0)))
    store.save(run, tmp_path / "r.jsonl")
    assert {row.case for row in store.read(tmp_path / "r.jsonl").rows} == {row.case for row in run.rows}


def test_parquet_holds_what_the_csv_does(tmp_path):
    if find_spec("pyarrow") is None:
        pytest.skip("pyarrow is not installed")
    tabular.to_parquet(full_run(), tmp_path / "r.parquet")
    table = pd.read_parquet(tmp_path / "r.parquet")
    assert list(table["case"]) == [row.case for row in full_run().rows]
    assert table["samples_s"].map(len).tolist() == [len(row.samples_s) for row in full_run().rows]


def test_pytest_benchmark_reads_its_format(tmp_path):
    if find_spec("pytest_benchmark") is None:
        pytest.skip("pytest-benchmark is not installed")
    (tmp_path / "r.json").write_text(pytest_benchmark.to_json(full_run()))
    command = [sys.executable, "-m", "pytest_benchmark", "compare", "r.json", "--csv=out"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr
    read = pd.read_csv(tmp_path / "out.csv").set_index("name")
    for row in full_run().rows:
        if row.timed:
            assert read.loc[row.case, "median"] == pytest.approx(row.median_s)


def test_googles_json_says_every_sample_in_nanoseconds():
    (row,) = make_run(make_row("binary", ms=2.0, loops=7)).rows
    benchmarks = json.loads(google_benchmark.to_json(make_run(row)))["benchmarks"]
    assert [b["real_time"] for b in benchmarks] == pytest.approx([1e9 * sample for sample in row.samples_s])
    assert {(b["name"], b["iterations"], b["time_unit"]) for b in benchmarks} == {(row.case, 7, "ns")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "line 1: no column case, kernel, scope"),
        ("case,kernel,scope,threads,status,shape.name\n", "holds no row below its heading"),
        ("case,kernel,scope,threads,status,shape.name\nc,,s,1,PASSED,l\n", "line 2, kernel: found nothing, expected"),
        ("case,kernel,scope,threads,status,shape.name\nc,k,s,1,PASSED\n", "line 2: 5 cells where the heading has 6"),
        ("case,kernel,scope,threads,status,shape.name\nc/l/s@1,k,s,many,PASSED,l\n", "line 2, threads: .*; mend it"),
    ],
)
def test_a_csv_that_is_wrong(text, message):
    with pytest.raises(UserError, match=message):
        tabular.from_csv(text, "r.csv")


def test_the_command_there_and_back(command, tmp_path):
    with store.Writer(tmp_path / "r.jsonl") as writer:
        writer.begin(full_run().header)
        for row in full_run().rows:
            writer.write(row)
    assert command("convert", "r.jsonl", "--to", "csv", "-o", "r.csv").code == 0
    assert command("convert", "r.csv", "--from", "csv", "-o", "again.jsonl").err == "saved again.jsonl: 10 rows\n"
    assert "\\toprule" in command("convert", "r.jsonl", "--to", "latex").out
    run, again = fb.load("r.jsonl"), fb.load("again.jsonl")
    assert again.rows == run.rows
    pd.testing.assert_frame_equal(again.frame(), run.frame())
    pd.testing.assert_frame_equal(fb.speedups(run), fb.speedups(again))


def test_a_row_of_9000_samples_comes_back_and_so_do_a_byte_order_mark_and_carriage_returns(command, tmp_path):
    run = make_run(make_row("int8", ms=1.0, samples_s=[1e-3 + i * 1e-9 + 1e-13 for i in range(9000)]))
    store.save(run, tmp_path / "r.jsonl")
    assert command("convert", "r.jsonl", "--to", "csv", "-o", "r.csv").code == 0
    spreadsheets = (tmp_path / "r.csv").read_text().replace("\n", "\r\n")
    (tmp_path / "r.csv").write_bytes(spreadsheets.encode("utf-8-sig"))
    assert command("convert", "r.csv", "--from", "csv", "-o", "again.jsonl").code == 0
    assert fb.load("again.jsonl").rows == fb.load("r.jsonl").rows


def test_the_last_of_two_rows_of_a_case_in_a_table_is_said_to_count():
    text = tabular.to_csv(make_run(make_row("int8", ms=1.0), make_row("int8", ms=2.0)))
    run = tabular.from_csv(text, "r.csv")
    assert [row.median_s for row in run.rows] == [0.002]
    assert run.warnings == ("r.csv: int8/net.conv1/kernel@1 stands more than once; the last row of a case counts",)


@pytest.mark.parametrize(("form", "text"), [("google-benchmark", "{"), ("pytest-benchmark", "[]"), ("csv", "case\n")])
def test_a_failure_leaves_no_file(command, tmp_path, form, text):
    (tmp_path / "x").write_text(text)
    done = command("convert", "x", "--from", form, "-o", "x.jsonl")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert not (tmp_path / "x.jsonl").exists()


@pytest.mark.parametrize("options", [(), ("--to", "csv", "--from", "csv"), ("--to", "parquet"), ("--from", "csv")])
def test_what_does_not_go_together(command, options):
    done = command("convert", "r.jsonl", *options)
    assert done.code == 2
    assert "give either" in done.err or "with -o" in done.err
