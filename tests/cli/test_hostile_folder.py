"""A folder of a stranger's files, whatever their names, in which a person runs the suite."""

import subprocess
import sys

import pytest

from fatnn_bench.errors import Exit

#: Modules that the suite or its libraries import late, a package that hides ours, and one that stands in for Numba.
NAMES = ("numba.py", "numpy.py", "random.py", "platform.py", "json.py", "sitecustomize.py", "fatnn_bench/__init__.py")
GEMM = ("--shapes", "3x5x33", "--kernel", "binary")


@pytest.fixture
def hostile(tmp_path):
    """The folder. What is run there leaves a mark, and Numba finds settings that would keep it from compiling."""
    folder = tmp_path / "theirs"
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"import os\nos.mkdir({str(tmp_path / 'run')!r})\nraise SystemExit(9)\n")
    (folder / ".numba_config.yaml").write_text("disable_jit: 1\n")
    return folder


@pytest.fixture
def there(hostile, tmp_path, environ):
    """Run the suite there, as the installed ``fatnn-bench`` does."""

    def run(*arguments, code=0):
        command = [sys.executable, "-P", "-m", "fatnn_bench", *map(str, arguments)]
        done = subprocess.run(command, cwd=hostile, env=environ, capture_output=True, text=True, timeout=120)
        assert not (tmp_path / "run").exists(), done.stderr
        assert done.returncode == code, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize(
    "arguments",
    [("verify", *GEMM), ("run", "--quick", *GEMM), ("inspect", "binary/3x5x33"), ("platforms",)],
    ids=lambda arguments: arguments[0],
)
def test_nothing_of_it_is_run(there, arguments):
    there(*arguments)


def test_nor_by_what_is_run_again_or_asked_of_a_plugin(there, tmp_path):
    there("run", "--quick", *GEMM, "-o", tmp_path / "run.jsonl")
    there("bundle", tmp_path / "run.jsonl", "-o", tmp_path / "artifact.zip")
    there("reproduce", tmp_path / "artifact.zip", code=Exit.NOTHING)  # it claims nothing
    there("new-kernel", "mine")
    assert "PASSED" in there("verify", "--plugin", "mine.py", "--shapes", "3x5x33", "--kernel", "mine.*")


def test_the_module_that_python_is_asked_for_loads_no_other_from_there(hostile, tmp_path, environ):
    """``python -m fatnn_bench`` looks for the package itself where the person is, but for nothing else."""
    (hostile / "fatnn_bench/__init__.py").unlink()
    (hostile / "fatnn_bench").rmdir()
    command = [sys.executable, "-m", "fatnn_bench", "list"]
    done = subprocess.run(command, cwd=hostile, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "run").exists()
