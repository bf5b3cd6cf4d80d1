"""Settings and fixtures of the kernels' tests."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# the first example of a kernel waits for the compiler, which says nothing of the code
settings.register_profile("compiled", deadline=None)
settings.load_profile("compiled")

FOLDER = Path(__file__).parent


@pytest.fixture
def simulate():
    """Check cases of ``simulated_cuda.py`` in a process that has Numba's simulator for a GPU."""
    if find_spec("numba_cuda") is None:
        pytest.skip("numba-cuda is not installed")

    def run(cases):
        environment = {"NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": os.pathsep.join([str(FOLDER), *sys.path])}
        command = [sys.executable, "-W", "error", FOLDER / "simulated_cuda.py", json.dumps(cases)]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, timeout=100)
        assert done.returncode == 0, done.stderr

    return run
