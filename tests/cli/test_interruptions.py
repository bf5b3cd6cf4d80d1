"""A run that is stopped half-way keeps every row it had, and leaves no worker behind."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from fatnn_bench.results import store

#: The wrong kernel is found out at once; the sleeper never comes back from the layer of two rows.
ARGUMENTS = ("run", "--shapes", "3x3x3,2x3x3", "--kernel", "wrong,sleeper", "--quick", "-o", "run.jsonl")
DONE = ["wrong/3x3x3/kernel@1"]


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not after {seconds} s: {what}"
        time.sleep(0.02)


@pytest.fixture
def start(tmp_path, environ, fake_contenders):
    """Start ``fatnn-bench`` in a folder of its own."""
    processes = []

    def begin(*arguments):
        command = [sys.executable, "-m", "fatnn_bench", *arguments]
        variables = environ | {"PYTHONPATH": fake_contenders}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes.append(subprocess.Popen(command, cwd=tmp_path, env=variables, text=True, **pipes))
        return processes[-1]

    yield begin
    for process in processes:
        with process:
            process.kill()


@pytest.fixture
def running(start, tmp_path):
    """A run that knows a row and hangs, and its worker."""
    process, path = start(*ARGUMENTS), tmp_path / "run.jsonl"
    wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") == 2, "a header and a row")
    (worker,) = psutil.Process(process.pid).children()
    return process, worker, path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_rows_are_kept_and_the_worker_ends(running, number):
    process, worker, path = running
    process.send_signal(number)
    process.wait(10)
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, "the worker's end", seconds=5)
    saved = store.read(path)
    assert [row.case for row in saved.rows] == DONE
    assert saved.warnings == ()


def test_ctrl_c_says_where_the_rows_are_and_how_to_go_on(running):
    process, _, _ = running
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert err.endswith(
        "\nfatnn-bench: interrupted; what was measured is kept: fatnn-bench show run.jsonl; "
        "to go on: fatnn-bench run --resume run.jsonl\n"
    )


def test_ctrl_c_before_the_first_row_leaves_no_file(start, tmp_path):
    process = start("run", "--shapes", "2x3x3", "--kernel", "sleeper", "--quick", "-o", "run.jsonl")
    path = tmp_path / "run.jsonl"
    wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") == 1, "a header")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (130, "", "fatnn-bench: interrupted\n")
    assert not path.exists()


def test_verify_interrupted_prints_what_it_knows(start):
    process = start("verify", "--shapes", "3x3x3,2x3x3", "--kernel", "wrong,sleeper")
    wait_for(lambda: len(psutil.Process(process.pid).children()) == 1, "a worker")
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "FAILED   wrong/3x3x3/kernel@1" in out
    assert err.endswith("fatnn-bench: interrupted\n")


def test_a_killed_worker_costs_a_case_and_not_the_run(shell, fake_contenders, tmp_path):
    arguments = ("run", "--shapes", "3x3x3,2x3x3,4x3x3", "--kernel", "good,killer", "--quick", "-o", "run.jsonl")
    done = shell(*arguments, PYTHONPATH=fake_contenders)
    assert done.returncode == 1
    assert "ERROR killer/2x3x3/kernel@1: the worker was ended by SIGKILL" in done.stderr
    rows = {row.case: row for row in store.read(tmp_path / "run.jsonl").rows}
    assert len(rows) == 6
    assert rows.pop("killer/2x3x3/kernel@1").status == "ERROR"
    assert all(row.timed for row in rows.values())
