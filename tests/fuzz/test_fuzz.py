"""Every format is read, and mutants of it are taken or refused in one sentence; ``make fuzz`` tries many more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzzing import trial
from fuzzing.formats import ALL

MUTANTS = 300
SUPPORT = Path(__file__).parents[1] / "support"


@pytest.fixture(params=ALL, ids=lambda form: form.name)
def form(request):
    if reason := request.param.missing():
        pytest.skip(reason)
    return request.param


def test_a_file_that_is_right_is_taken(form, tmp_path):
    form.write_samples(tmp_path)
    for _, action in form.readers:
        before = set(tmp_path.iterdir())
        assert trial.fault(tmp_path, action, taken=True) is None, action
        for made in set(tmp_path.iterdir()) - before:
            made.unlink()


@pytest.mark.campaign
def test_a_mutant_is_taken_or_refused_in_one_sentence(form, environ):
    """As ``make fuzz`` does it: what has imported less than the tests forks a mutant in half the time."""
    path = os.pathsep.join((str(SUPPORT), environ["PYTHONPATH"]))
    command = [sys.executable, "-m", "fuzzing", form.name, "--mutants", str(MUTANTS)]
    done = subprocess.run(command, env=environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{form.name}: {MUTANTS} mutants, 0 faults" in done.stdout
