import os
import subprocess
import sys

import pytest

from fatnn_bench.processes import children, variables

#: Of a shell that tunes everything.
TUNED = dict.fromkeys(
    (
        *("NUMBA_CPU_NAME", "NUMBA_OPT", "NUMBA_DISABLE_JIT", "OMP_DYNAMIC", "OMP_THREAD_LIMIT", "OMP_PLACES"),
        *("GOMP_CPU_AFFINITY", "KMP_AFFINITY", "MKL_CBWR", "OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA", "DNNL_VERBOSE"),
        *("ATEN_CPU_CAPABILITY", "GLIBC_TUNABLES", "MALLOC_ARENA_MAX", "PYTHONMALLOC", "NPY_DISABLE_CPU_FEATURES"),
    ),
    "1",
)
PLAIN = {"PATH": "/bin", "LANG": "C.UTF-8", "NUMBA_CACHE_DIR": "/c", "NUMBA_ENABLE_CUDASIM": "1"}


def test_what_a_shell_tunes_is_not_inherited_and_all_else_is():
    found = variables.inherited(TUNED | PLAIN)
    assert not TUNED.keys() & found.keys()
    assert PLAIN.items() <= found.items()
    assert variables.removed(TUNED | PLAIN) == sorted(TUNED)


def test_telemetry_is_off_whatever_a_shell_says():
    assert children.environment({"ORT_DISABLE_TELEMETRY": "0"})["ORT_DISABLE_TELEMETRY"] == "1"


def test_a_header_tells_known_names_alone_and_no_folder():
    told = variables.recorded({"OMP_SECRET": "private", "OMP_NUM_THREADS": "2", "LD_PRELOAD": "/home/me/a.so libb.so"})
    assert told == {"OMP_NUM_THREADS": "2", "LD_PRELOAD": "a.so libb.so"}


def test_a_platform_may_set_nothing_that_names_a_file():
    assert not {name for name in variables.SETTABLE if name.endswith(("DIR", "PATH", "LIBRARIES", "PRELOAD", "HOME"))}


@pytest.mark.parametrize("name", ["NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "TMPDIR", "HOME"])
def test_paths_mean_what_they_do_where_the_person_is(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert children.environment({name: "here"})[name] == str(tmp_path / "here")
    assert children.environment({name: "/there"})[name] == "/there"


def test_the_parts_of_a_path_too_and_an_empty_one_is_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = children.environment({"PYTHONPATH": ":lib:/opt/lib:", "LD_PRELOAD": "./a.so:libb.so"})
    assert found["PYTHONPATH"] == f"{tmp_path}/lib{os.pathsep}/opt/lib"
    assert found["LD_PRELOAD"] == f"{tmp_path}/a.so:libb.so"


def test_a_child_finds_no_module_in_the_folder_of_the_person(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("print('run')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", *sys.path]))
    environment = children.environment(os.environ)
    done = subprocess.run(children.command("mine"), env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == ""
    assert "No module named mine" in done.stderr
