"""Each test runs a copy of the package in processes of its own, with a cache of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fatnn_kernels

GEMM = """
import json
import numpy as np
from fatnn_kernels import BINARY, gemm, gemm_loops, jit
result = gemm(BINARY, np.ones((1, 40), np.int8), np.ones((1, 40), np.int8))
stats = gemm_loops.run_serial.stats
print(json.dumps({"result": int(result[0, 0]), "hits": sum(stats.cache_hits.values()),
                  "misses": sum(stats.cache_misses.values()), "folder": str(jit.cache_folder())}))
"""
KEY = "import json; from fatnn_kernels.jit import source_key; print(json.dumps({'key': source_key()}))"


@pytest.fixture
def package(tmp_path):
    copy = tmp_path / "copy" / "fatnn_kernels"
    shutil.copytree(Path(fatnn_kernels.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture
def python(package, tmp_path):
    """Run a script on the copy; what it prints as JSON."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "PYTHON"))}
    # a file edited within the second that its bytecode was made in would not be seen as changed
    base = {
        "PYTHONPATH": str(package.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }

    def run(script, **variables):
        environ = kept | base | variables
        done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) | {"said": done.stderr.splitlines()}

    return run


def edit(path, old, new):
    source = path.read_text()
    assert source.count(old) == 1
    path.write_text(source.replace(old, new))


def test_second_process_takes_the_kernel_from_the_cache(python, tmp_path):
    first, second = python(GEMM), python(GEMM)
    assert (first["result"], first["hits"], first["misses"]) == (40, 0, 1)
    assert (second["result"], second["hits"], second["misses"]) == (40, 1, 0)
    assert Path(first["folder"]).parent == tmp_path / "cache" / "fatnn-bench"


STRANGE = """
import json, sys
sys.path.insert(0, {folder!r})
from strange import MINE
from fatnn_kernels import gemm, gemm_loops
import numpy as np
result = gemm(MINE, np.ones((1, 40), np.int8), np.ones((1, 40), np.int8))
print(json.dumps({{"result": int(result[0, 0]), "hits": sum(gemm_loops.run_serial.stats.cache_hits.values())}}))
"""
PLUGIN = """
from dataclasses import replace
from fatnn_kernels import BINARY
MINE = replace(BINARY, name="mine", finish=lambda acc, n: n - acc[0])
"""


def test_kernel_of_a_plugin_that_is_not_here_leaves_the_cache_as_it_is(python, tmp_path):
    """The cache's index names the types of all kernels in it: those of a module that is missing, too."""
    (tmp_path / "strange.py").write_text(PLUGIN)
    strange = STRANGE.format(folder=str(tmp_path))
    python(GEMM)
    assert python(strange)["result"] == 40
    (tmp_path / "strange.py").rename(tmp_path / "gone.py")
    without = python(GEMM)
    assert (without["result"], without["hits"], without["said"]) == (40, 1, [])
    (tmp_path / "gone.py").rename(tmp_path / "strange.py")
    again = python(strange)
    assert (again["result"], again["hits"]) == (40, 1)


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        ("return n - acc[0] - acc[0]", "return n - acc[0] - acc[0] + n", 80),
        ("popcount(x[0] ^ y[0])", "popcount(~(x[0] ^ y[0]))", 40 - 2 * 64),
    ],
    ids=["finish", "step"],
)
def test_edited_kernel_computes_the_new_result_in_the_next_process(python, package, old, new, result):
    before = python(GEMM)
    edit(package / "binary.py", old, new)
    after = python(GEMM)
    assert (before["result"], after["result"], after["hits"]) == (40, result, 0)
    assert before["folder"] != after["folder"]


def test_key_changes_with_what_changes_the_code_and_with_nothing_else(python):
    settings = [
        {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
        {"NUMBA_OPT": "1"},
        {"NUMBA_BOUNDSCHECK": "1"},
        {"NUMBA_LOOP_VECTORIZE": "0"},
        {"NUMBA_THREADING_LAYER": "workqueue"},
    ]
    key = python(KEY)["key"]
    assert len({key, *(python(KEY, **setting)["key"] for setting in settings)}) == 1 + len(settings)
    assert python(KEY, NUMBA_NUM_THREADS="1")["key"] == key


def test_numba_cache_dir_has_precedence(python, tmp_path):
    folder = python(GEMM, NUMBA_CACHE_DIR=str(tmp_path / "chosen"))["folder"]
    assert Path(folder).parent == tmp_path / "chosen"
    assert not (tmp_path / "cache").exists()


def test_kernels_run_where_nothing_can_be_written(python, tmp_path):
    (tmp_path / "file").touch()
    unwritable = python(GEMM, XDG_CACHE_HOME=str(tmp_path / "file" / "cache"))
    assert (unwritable["result"], unwritable["folder"]) == (40, "None")
    (said,) = unwritable["said"]
    assert f"{tmp_path}/file/cache/fatnn-bench cannot be written (Not a directory)" in said


def test_and_for_a_user_who_has_no_home_unless_they_name_a_folder(python, tmp_path):
    homeless = "import pathlib\ndef no_home(): raise RuntimeError\npathlib.Path.home = no_home\n" + GEMM
    found = python(homeless, XDG_CACHE_HOME="")
    assert (found["result"], found["folder"], len(found["said"])) == (40, "None", 1)
    assert "this user has no home folder; NUMBA_CACHE_DIR names another" in found["said"][0]
    found = python(homeless, XDG_CACHE_HOME="", NUMBA_CACHE_DIR=str(tmp_path / "chosen"))
    assert (found["result"], found["said"]) == (40, [])


def cut_short(content):
    return content[:-9]


def bit_flipped(content):
    """In the middle: among machine code, which unpickles as well as it did."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("broken", [cut_short, bit_flipped])
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_what_is_broken_is_said_once_compiled_anew_and_kept(python, ending, broken):
    folder = Path(python(GEMM)["folder"])
    for path in folder.rglob(f"*.{ending}"):
        path.write_bytes(broken(path.read_bytes()))
    found, after = python(GEMM), python(GEMM)
    assert (found["result"], found["hits"], len(found["said"])) == (40, 0, 1)
    assert f"a file in {folder}" in found["said"][0]
    assert (after["result"], after["hits"], after["said"]) == (40, 1, [])


def test_on_a_full_disk_kernels_run(python):
    full = """
from numba.core import caching
def save(*_): raise OSError(28, "No space left on device")
caching.IndexDataCacheFile.save = save
"""
    found = python(full + GEMM)
    assert (found["result"], len(found["said"])) == (40, 1)
    assert "cannot be written (No space left on device)" in found["said"][0]
