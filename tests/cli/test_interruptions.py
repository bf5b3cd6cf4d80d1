"""A run that is stopped half-way keeps every row it had, and leaves no worker behind."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from fatnn_bench import store

#: The sleeper finishes the layer of three rows and never the one of two.
ARGUMENTS = ("run", "--shapes", "3x3x3,2x3x3", "--kernel", "good,sleeper", "--quick", "-o", "run.jsonl")


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not after {seconds} s: {what}"
        time.sleep(0.02)


@pytest.fixture
def running(tmp_path, environ, fake_contenders):
    """A run that has finished its first layer and is at its second, and its worker."""
    path = tmp_path / "run.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "fatnn_bench", *ARGUMENTS], cwd=tmp_path, env=environ | {"PYTHONPATH": fake_contenders},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") == 3, "a header and two rows")
        (worker,) = psutil.Process(process.pid).children()
        yield process, worker, path
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_rows_are_kept_and_the_worker_ends(running, number):
    process, worker, path = running
    process.send_signal(number)
    process.wait(10)
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, "the worker's end", seconds=5)
    saved = store.read(path)
    assert [row.case for row in saved.rows] == ["good/3x3x3/kernel@1", "sleeper/3x3x3/kernel@1"]
    assert all(row.timed for row in saved.rows)
    assert saved.warnings == ()


def test_ctrl_c_says_where_the_rows_are(running):
    process, _, _ = running
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert err == "fatnn-bench: interrupted; what was measured is kept: fatnn-bench show run.jsonl\n"


def test_a_killed_worker_costs_a_layer_and_not_the_run(shell, fake_contenders, tmp_path):
    arguments = ("run", "--shapes", "3x3x3,2x3x3,4x3x3", "--kernel", "good,killer", "--quick", "-o", "run.jsonl")
    done = shell(*arguments, PYTHONPATH=fake_contenders)
    assert done.returncode == 1
    assert "ERROR killer/2x3x3/kernel@1: the worker was ended by SIGKILL" in done.stderr
    statuses = {row.case: str(row.status) for row in store.read(tmp_path / "run.jsonl").rows}
    assert statuses == {
        f"{kernel}/{layer}/kernel@1": "ERROR" if layer == "2x3x3" else "PASSED"
        for kernel in ("good", "killer")
        for layer in ("3x3x3", "2x3x3", "4x3x3")
    }
