"""From a run to its table and figure, as a person goes."""

import csv
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import pytest

import fatnn_kernels
from fatnn_bench.harness.timing import LEAST_ROUNDS
from fatnn_bench.records import store

KERNELS = ("ternary-fatnn", "binary", "blas.float32")
ARGUMENTS = ("run", "--shapes", "7x13x45", "--kernel", ",".join(KERNELS), "--quick", "-o")


class Runs:
    """Two runs of the same cases: what each process said, its file, and the compiled code there was after it."""

    def __init__(self, folder, cache):
        self.paths = [folder / "a.jsonl", folder / "b.jsonl"]
        self.done, self.compiled = [], []
        environ = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
        for path in self.paths:
            command = [sys.executable, "-m", "fatnn_bench", *ARGUMENTS, path.name]
            environ["NUMBA_CACHE_DIR"] = str(cache)
            self.done.append(
                subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environ, timeout=120)
            )
            self.compiled.append({(file, file.stat().st_mtime_ns) for file in cache.rglob("*.nbc")})


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return Runs(tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("numba"))


@pytest.fixture
def first(runs):
    return runs.paths[0]


def test_a_run_prints_a_plain_table_and_tells_the_rest_on_stderr(runs):
    for done, name in zip(runs.done, ("a.jsonl", "b.jsonl"), strict=True):
        assert done.returncode == 0
        assert "7×13×45" in done.stdout
        assert re.match(r"this run resolves differences of \d+\.\d% and more\n", done.stderr)
        assert f"\nsaved {name}\n" in done.stderr
        assert "--quick is rougher" in done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        assert "\r" not in done.stdout + done.stderr


def test_the_file_holds_every_case_verified_and_timed(first):
    run = store.read(first)
    assert {row.kernel for row in run.rows} == set(KERNELS)
    for row in run.rows:
        assert row.case == f"{row.kernel}/7x13x45/kernel@1"
        assert row.timed
        assert (len(row.samples_s) >= LEAST_ROUNDS, row.macs) == (True, 7 * 13 * 45)
        assert row.median_s * row.loops > 0.0005  # a sample is 2 ms; a busy machine's are shorter
    assert run.header.command == ["fatnn-bench", *ARGUMENTS, "a.jsonl"]


def test_a_second_process_finds_the_kernels_compiled(runs):
    assert runs.compiled[0] == runs.compiled[1] != set()


def speedups(path):
    """Speedups over BLAS by kernel, computed by hand."""
    medians = {row.kernel: row.median_s for row in store.read(path).rows}
    return {kernel: medians["blas.float32"] / median for kernel, median in medians.items() if kernel != "blas.float32"}


def test_show_prints_the_machine_and_every_row(command, first):
    done = command("show", first)
    assert (done.code, done.err) == (0, "")
    assert store.read(first).header.machine["cpu"] in done.out
    assert all(kernel in done.out for kernel in KERNELS)


def test_compare_agrees_with_the_file(command, first):
    done = command("compare", first, "--format", "json")
    assert done.code == 0
    found = {row["kernel"]: row["speedup"] for row in json.loads(done.out)["layers"]}
    assert {kernel: found[kernel] for kernel in speedups(first)} == pytest.approx(speedups(first))


def test_compare_of_two_runs_is_case_by_case(command, runs):
    done = command("compare", *runs.paths, "--format", "json")
    assert done.code == 0
    before, after = ({row.case: row.median_s for row in store.read(path).rows} for path in runs.paths)
    text = json.dumps(json.loads(done.out))
    assert all(case in text for case in before)
    assert all(repr(before[case] / after[case])[:8] in text for case in before)


@pytest.mark.parametrize("verb", ["show", "compare"])
@pytest.mark.parametrize("form", ["table", "markdown", "csv", "json", "latex"])
def test_every_format_can_be_read_as_what_it_is(command, first, verb, form):
    done = command(verb, first, "--format", form)
    assert (done.code, done.err) == (0, "")
    assert "ternary" in done.out
    if form == "json":
        json.loads(done.out)
    if form == "csv":
        rows = list(csv.reader(io.StringIO(done.out)))
        assert {len(row) for row in rows} == {len(rows[0])}
    if form == "markdown":
        assert "| ---" in done.out or "|---" in done.out or "|:--" in done.out
    if form == "latex":
        assert done.out.count(r"\begin{tabular}") == done.out.count(r"\end{tabular}") >= 1


def test_the_saved_commands_work_as_processes(shell, first):
    for verb in ("show", "compare"):
        done = shell(verb, first)
        assert (done.returncode, done.stderr) == (0, "")
        assert "7x13x45" in done.stdout
        assert "\x1b" not in done.stdout


def test_a_figure_is_drawn_of_the_files_numbers(command, first, tmp_path):
    done = command("plot", first, "-o", tmp_path / "figure.png")
    assert (done.code, done.err) == (0, "")
    assert done.out.split() == [str(tmp_path / "figure.png"), str(tmp_path / "figure.csv")]
    height, width, _ = matplotlib.image.imread(tmp_path / "figure.png").shape
    assert (width, height > 400) == (2000, True)
    with (tmp_path / "figure.csv").open() as file:
        rows = {row["kernel"]: row for row in csv.DictReader(file)}
    found = {kernel: float(rows[kernel]["speedup"]) for kernel in speedups(first)}
    assert found == pytest.approx(speedups(first))


def test_a_dry_run_prints_the_cases_and_measures_nothing(command, tmp_path):
    done = command("run", "--dry-run", "--shapes", "7x13x45", "--kernel", "binary,blas.*")
    assert done.code == 0
    assert done.out.split() == ["binary/7x13x45/kernel@1", "7×13×45", "blas.float32/7x13x45/kernel@1", "7×13×45"]
    assert done.err.startswith("2 cases on native, about ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("option", "fewest_s", "most_s"), [("--quick", 1, 20), ("--rigorous", 60, 1200)])
def test_estimates_of_the_default_run_are_of_the_right_size(command, option, fewest_s, most_s):
    words = command("run", "--dry-run", option).err.split()
    assert fewest_s < float(words[words.index("about") + 1]) < most_s


def test_without_an_output_the_run_lies_in_the_platforms_folder(shell, tmp_path):
    done = shell("run", "--shapes", "3x3x3", "--kernel", "blas.*", "--quick")
    (path,) = tmp_path.glob("results/native/*.jsonl")
    assert f"saved results/native/{path.name}" in done.stderr
    assert shell("show", "results").stdout.count("blas.float32") >= 1


def test_verify_passes(shell):
    done = shell("verify", "--shapes", "7x13x45", "--kernel", ",".join(KERNELS))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("PASSED") == len(KERNELS)


@pytest.mark.parametrize("arguments", [("verify",), ("run", "--quick", "-o", "run.jsonl")], ids=["verify", "run"])
def test_a_broken_kernel_is_found_and_exits_with_4(shell, tmp_path, arguments):
    copy = tmp_path / "broken" / "fatnn_kernels"
    shutil.copytree(Path(fatnn_kernels.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "binary.py").open("a") as file:
        file.write(
            "\nfrom dataclasses import replace\n"
            "def _wrong(acc, n):\n    return n - acc[0]\n"
            "BINARY = replace(BINARY, finish=_wrong)\n"
        )
    kernels = ("--shapes", "7x13x45", "--kernel", "binary,blas.*")
    done = shell(*arguments, *kernels, PYTHONPATH=str(copy.parent))
    assert done.returncode == 4
    assert "FAILED binary/7x13x45/kernel@1: wrong result at [0, 0]" in done.stderr
    if arguments[0] == "run":
        rows = {row.kernel: row for row in store.read(tmp_path / "run.jsonl").rows}
        assert (rows["binary"].status, rows["binary"].median_s) == ("FAILED", None)
        assert rows["blas.float32"].timed


def test_layers_that_no_kernel_can_run_are_skipped_and_nothing_ran(shell, tmp_path):
    (tmp_path / "net.yaml").write_text(
        "layers:\n"
        "  - {kind: conv, name: dw, in_channels: 8, out_channels: 8, height: 5, width: 5, kernel: 3, groups: 8}\n"
    )
    done = shell("verify", "--shapes", "net.yaml", "--kernel", "blas.*")
    assert done.returncode == 5
    assert done.stdout.startswith("SKIPPED  blas.float32/net.dw/kernel@1  grouped convolution: 8 groups")


def on_a_terminal(environ, cwd, *arguments):
    """What a command writes to stderr where that is a terminal."""
    terminal, stderr = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "fatnn_bench", *arguments],
        cwd=cwd,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )
    os.close(stderr)
    said = b""
    with process:
        while True:
            try:
                said += os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
    os.close(terminal)
    return said.decode()


@pytest.mark.parametrize("no_colour", [False, True], ids=["colour", "NO_COLOR"])
def test_progress_is_for_terminals_and_its_colour_for_those_who_want_it(environ, tmp_path, no_colour):
    variables = {"NO_COLOR": "1"} if no_colour else {}
    said = on_a_terminal(environ | variables, tmp_path, "verify", "--shapes", "3x3x3", "--kernel", "blas.*")
    assert "1/1" in said or "0/1" in said
    assert ("\x1b[38;5;" in said or "\x1b[3" in said) is not no_colour
