"""Standard streams that are closed, or whose reader leaves early; and Ctrl-C before anything is at work."""

import os
import signal
import subprocess
import sys

import pytest
from synthetic import make_row, make_run

from fatnn_bench.errors import Exit
from fatnn_bench.records import store

COMMANDS = (("list",), ("--help",), ("compare", "--help"), ("--version",), ("show", "run.jsonl"))
PROGRAM = [sys.executable, "-P", "-m", "fatnn_bench"]


@pytest.fixture
def folder(tmp_path):
    rows = [make_row(kernel, f"conv{i}", ms=1.0) for i in range(400) for kernel in ("float32", "binary")]
    store.save(make_run(*rows), tmp_path / "run.jsonl")
    return tmp_path


@pytest.fixture
def after(folder, environ):
    """Exit code and stderr of a command, when a shell has done something to its streams."""

    def run(arguments, redirection):
        command = ["/bin/sh", "-c", f'"$@" {redirection}', "sh", *PROGRAM, *arguments]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stderr

    return run


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_without_stdout_a_command_does_what_it_does(after, arguments):
    assert after(arguments, ">&-") == (0, "")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_reader_who_leaves_early_is_no_error(folder, environ, arguments):
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [*PROGRAM, *arguments], cwd=folder, env=environ, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writing)
    assert (process.returncode, process.stderr) == (0, "")


def test_an_error_is_told_and_has_its_code_whatever_is_closed(after):
    assert after(("show", "nothing.jsonl"), ">&-")[0] == Exit.USAGE
    assert after(("show", "nothing.jsonl"), "2>&-") == (Exit.USAGE, "")
    assert after(("list",), "<&- >&- 2>&-") == (0, "")


def test_an_error_that_nobody_hears_has_its_code(after, folder, environ):
    assert after(("show", "nothing.jsonl"), "2>/dev/full")[0] == Exit.USAGE
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run([*PROGRAM, "show", "nothing.jsonl"], cwd=folder, env=environ, stderr=writing, timeout=60)
    os.close(writing)
    assert process.returncode == Exit.USAGE


def test_a_file_that_is_written_does_not_become_stdout(after, folder):
    code, _ = after(("convert", "run.jsonl", "--to", "csv", "-o", "table.csv"), "<&- >&- 2>&-")
    assert code == 0
    assert (folder / "table.csv").read_text().count("\n") == 801


#: ``--version``, where loading typer takes a second, which it says.
SLOW = """
import runpy, sys, time
class Slow:
    def find_spec(name, *_):
        if name == "typer":
            print("loading", flush=True)
            time.sleep(1)
sys.meta_path.insert(0, Slow)
sys.argv[1:] = ["--version"]
runpy.run_module("fatnn_bench", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("ignored", [False, True], ids=["heard", "ignored"])
def test_ctrl_c_while_modules_are_loaded_is_no_traceback(folder, environ, ignored):
    """Unless the shell that started it has it ignored."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", SLOW], cwd=folder, env=environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler),
    )  # fmt: skip
    with process:
        assert process.stdout.readline() == "loading\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == (0 if ignored else Exit.INTERRUPTED), said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("columns", "wide"), [("0", 80), ("1", 80), ("99999999", 80), ("-5", 80), ("²", 80), ("20", 20), ("400", 400)]
)
def test_help_is_as_wide_as_a_terminal_can_be(command, monkeypatch, columns, wide):
    monkeypatch.setenv("COLUMNS", columns)
    done = command("show", "--help")
    assert (done.code, max(map(len, done.out.splitlines()))) == (0, wide)
