"""What is measured leaves no file outside the folders that it was given, and asks nobody on the network."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest

KERNELS = ("float32", "torch.float32", "torch.int8", "onnxruntime.float32", "onnxruntime.int8")
MEASURE = ("run", "--quick", "--scope", "layer", "--shapes", "7x5x33", "--kernel", ",".join(KERNELS), "-o", "run.jsonl")
LIBRARIES = {"torch": "torch", "onnxruntime": "onnxruntime", "onnx": "onnxruntime"}


@pytest.fixture
def measured(tmp_path, environ):
    """The folder of a run of every installed library, at home in a fresh folder; and the command before it, if any."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    for name in ("home", "tmp", "here"):
        (tmp_path / name).mkdir()
    variables = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"), "ORT_DISABLE_TELEMETRY": "0"}

    def run(*tracer):
        command = [*tracer, sys.executable, "-P", "-m", "fatnn_bench", *MEASURE]
        done = subprocess.run(
            command, cwd=tmp_path / "here", env=environ | variables, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return tmp_path

    return run


def test_no_file_is_left_outside_the_folders_that_were_given(measured):
    folder = measured()
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert found == ["here/run.jsonl"]


def test_no_socket_leaves_the_machine(measured, tmp_path):
    if shutil.which("strace") is None or subprocess.run(["strace", "-o", os.devnull, "true"]).returncode:
        pytest.skip("strace is not installed, or may trace nothing here")
    log = tmp_path / "log"
    measured("strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", str(log))
    asked = [line for line in log.read_text().splitlines() if re.search(r"AF_INET6?\b|AF_PACKET", line)]
    assert asked == []
