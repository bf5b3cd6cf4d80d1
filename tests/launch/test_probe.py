import os
import subprocess
import sys
import time

import psutil
import pytest

from fatnn_bench import launch
from fatnn_bench.errors import UserError
from fatnn_bench.launch import probe
from fatnn_bench.platforms import CpuPlatform, ModelledPlatform


def test_a_module_answers_from_a_process_of_the_platforms_own(tmp_path, monkeypatch):
    (tmp_path / "answering.py").write_text(
        "import json, os, sys; print(json.dumps([os.environ['OMP_NUM_THREADS'], *sys.argv[1:]]))"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert probe.ask("three", CpuPlatform(kind="cpu", threads=3), "answering", "a", "b") == ["3", "a", "b"]


def test_a_failure_is_told_by_its_last_line(tmp_path, monkeypatch):
    (tmp_path / "failing.py").write_text("raise ValueError('no room')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(UserError, match=r"failing failed on platform one with status 1: ValueError: no room"):
        probe.ask("one", CpuPlatform(kind="cpu", threads=1), "failing")


def test_a_modelled_platform_runs_nothing():
    platform = ModelledPlatform(kind="modelled", triple="aarch64", cpu="cortex-a76", clock_ghz=2.4, source="a sheet")
    with pytest.raises(UserError, match="platform board is of kind modelled, which runs no code here; choose one"):
        probe.ask("board", platform, "answering")


def test_a_platform_that_cannot_be_used_says_why(monkeypatch):
    monkeypatch.setattr(launch, "obstacle", lambda platform: "this CPU has no avx512f")
    with pytest.raises(UserError, match="platform big cannot be used here: this CPU has no avx512f"):
        probe.ask("big", CpuPlatform(kind="cpu", threads=1), "answering")


def test_who_is_asked_does_not_outlive_who_asked(tmp_path, environ):
    (tmp_path / "hanging.py").write_text("import time; print('begun', flush=True); time.sleep(600)")
    ask = (
        "from fatnn_bench.launch import probe; from fatnn_bench.platforms import CpuPlatform\n"
        "probe.ask('one', CpuPlatform(kind='cpu', threads=1), 'hanging')"
    )
    paths = os.pathsep.join((str(tmp_path), environ["PYTHONPATH"]))
    with subprocess.Popen([sys.executable, "-c", ask], env=environ | {"PYTHONPATH": paths}) as asking:
        while not (children := psutil.Process(asking.pid).children()):
            assert asking.poll() is None
            time.sleep(0.02)
        asking.kill()
    assert psutil.wait_procs(children, timeout=20)[0]
