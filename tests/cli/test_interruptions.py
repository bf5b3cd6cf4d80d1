"""A run that is stopped half-way keeps every row it had, and leaves no worker behind."""

import resource
import signal
import subprocess
import sys
import time

import psutil
import pytest

from fatnn_bench.records import store

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
    assert err.splitlines()[-1] == (
        "fatnn-bench: interrupted; what was measured is kept: fatnn-bench show run.jsonl; "
        "to go on: fatnn-bench run --resume run.jsonl"
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


def test_a_disk_that_fills_up_half_way_costs_no_row(start, tmp_path):
    """The file may not grow any more while the sleeper sleeps: its row is the one that finds no room."""
    path = tmp_path / "run.jsonl"
    process = start(*ARGUMENTS, "--timeout", "4")
    wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") == 2, "a header and a row")
    room = path.stat().st_size + 20  # so that a part of the next row is written
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (room, room))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.splitlines()[-1] == (
        "fatnn-bench: cannot write to run.jsonl any more: File too large; "
        "the rows that were written before are safe. Make room, then go on with --resume"
    )
    saved = store.read(path)
    assert ([row.case for row in saved.rows], saved.warnings) == (DONE, ())
    assert path.read_bytes().endswith(b"\n")
    again = start("run", "--resume", "run.jsonl", "--timeout", "1")
    assert again.wait(60) == 4  # the wrong kernel's status decides
    assert len(store.read(path).rows) == 4


@pytest.mark.parametrize(("pages", "code"), [(0, 2), (2, 1)], ids=["before", "half-way"])
def test_a_small_disk_keeps_the_rows_that_it_has_room_for(small_disk, shell, fake_contenders, pages, code):
    path = small_disk(pages)
    shapes = ",".join(f"{m}x3x3" for m in range(3, 43))
    done = shell("run", "--shapes", shapes, "--kernel", "wrong", "--quick", "-o", path, PYTHONPATH=fake_contenders)
    assert (done.returncode, done.stdout) == (code, "")
    assert "No space left on device" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert path.exists() == bool(pages)
    if pages:
        saved = store.read(path)
        assert 0 < len(saved.rows) < 40
        assert (saved.warnings, len(saved.rows)) == ((), done.stderr.count("FAILED "))


def test_a_kernel_that_never_ends_costs_a_case_and_not_the_run(shell, fake_contenders, tmp_path):
    arguments = ("run", "--shapes", "3x3x3,2x3x3", "--kernel", "good,sleeper", "--quick", "-o", "run.jsonl")
    done = shell(*arguments, "--timeout", "1", PYTHONPATH=fake_contenders)
    assert done.returncode == 1
    assert "ERROR sleeper/2x3x3/kernel@1: it did not end within 1 s; --timeout gives it longer" in done.stderr
    rows = {row.case: row for row in store.read(tmp_path / "run.jsonl").rows}
    assert rows.pop("sleeper/2x3x3/kernel@1").status == "ERROR"
    assert len(rows) == 3
    assert all(row.timed for row in rows.values())


def test_a_killed_worker_costs_a_case_and_not_the_run(shell, fake_contenders, tmp_path):
    arguments = ("run", "--shapes", "3x3x3,2x3x3,4x3x3", "--kernel", "good,killer", "--quick", "-o", "run.jsonl")
    done = shell(*arguments, PYTHONPATH=fake_contenders)
    assert done.returncode == 1
    assert "ERROR killer/2x3x3/kernel@1: the worker was ended by SIGKILL" in done.stderr
    rows = {row.case: row for row in store.read(tmp_path / "run.jsonl").rows}
    assert len(rows) == 6
    assert rows.pop("killer/2x3x3/kernel@1").status == "ERROR"
    assert all(row.timed for row in rows.values())
