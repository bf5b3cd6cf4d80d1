import time

import psutil
import pytest
from pydantic import ValidationError

from fatnn_bench import launch
from fatnn_bench.harness.worker import Request
from fatnn_bench.platforms import CpuPlatform
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm

ONE_THREAD = CpuPlatform(kind="cpu", threads=1)
SPINNING = ("GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OPENBLAS_THREAD_TIMEOUT")
THREAD_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def request(kernel, m):
    return Request([Case(kernel, bare_gemm(m, 3, 3), "kernel", 1)], None, 0)


@pytest.mark.parametrize("threads", [1, 3])
def test_every_library_gets_the_platforms_threads(threads):
    found = launch.environment(CpuPlatform(kind="cpu", threads=threads), {"OMP_NUM_THREADS": "17", "HOME": "/home/me"})
    assert {found[name] for name in THREAD_VARIABLES} == {str(threads)}
    assert (found["OMP_PROC_BIND"], found["HOME"]) == ("true", "/home/me")
    assert all(found[name].isdigit() for name in SPINNING)


def test_a_platforms_cpu_is_compiled_for_without_the_features_found_here():
    found = launch.environment(CpuPlatform(kind="cpu", threads=1, numba_cpu="x86-64-v3"), {"NUMBA_CPU_FEATURES": "+x"})
    assert (found["NUMBA_CPU_NAME"], found["NUMBA_CPU_FEATURES"]) == ("x86-64-v3", "")


def test_a_platforms_features_are_compiled_for():
    platform = CpuPlatform(kind="cpu", threads=1, numba_cpu="x86-64", numba_features="+avx2,-fma")
    assert launch.environment(platform, {})["NUMBA_CPU_FEATURES"] == "+avx2,-fma"


def test_without_a_cpu_that_of_the_machine_is_compiled_for_whatever_the_shell_says():
    found = launch.environment(ONE_THREAD, {"NUMBA_CPU_NAME": "generic", "NUMBA_OPT": "0"})
    assert not {"NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_OPT"} & set(found)


def test_a_platform_says_what_libraries_are_told_and_the_shell_does_not():
    platform = CpuPlatform(kind="cpu", threads=1, environment={"ONEDNN_MAX_CPU_ISA": "AVX2", "OMP_PROC_BIND": "close"})
    found = launch.environment(platform, {"ONEDNN_MAX_CPU_ISA": "SSE41"})
    assert (found["ONEDNN_MAX_CPU_ISA"], found["OMP_PROC_BIND"]) == ("AVX2", "close")


@pytest.mark.parametrize("name", ["LD_PRELOAD", "OMP_TOOL_LIBRARIES", "PYTHONPATH", "NUMBA_CACHE_DIR", "PATH"])
def test_nothing_that_could_run_a_file_is_a_platforms_to_set(name):
    with pytest.raises(ValidationError, match=f"found '{name}', expected one of ATEN_CPU_CAPABILITY"):
        CpuPlatform(kind="cpu", threads=1, environment={name: "x"})


@pytest.fixture
def _fake_worker(monkeypatch, fake_contenders):
    monkeypatch.setenv("PYTHONPATH", fake_contenders)


@pytest.mark.usefixtures("_fake_worker")
def test_events_come_in_order_and_the_worker_ends():
    found = list(launch.events(ONE_THREAD, request("good", m=3)))
    assert [event.event for event in found] == ["ready", "turn", "row", "done"]
    assert found[0].software["environment"]["NUMBA_NUM_THREADS"] == "1"
    assert found[2].row.status == "PASSED"
    assert not psutil.Process().children()


@pytest.mark.usefixtures("_fake_worker")
def test_a_worker_that_is_killed_is_said_to_be():
    events = launch.events(ONE_THREAD, request("killer", m=2))
    assert [next(events).event, next(events).event] == ["ready", "turn"]
    with pytest.raises(launch.WorkerDiedError, match=r"^the worker was ended by SIGKILL$"):
        next(events)


def test_a_worker_that_cannot_start_tells_its_last_words(monkeypatch, tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('numpy is broken')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(launch.WorkerDiedError, match=r"ended with status 1: ImportError: numpy is broken$"):
        next(launch.events(ONE_THREAD, request("good", m=3)))


@pytest.mark.usefixtures("_fake_worker")
def test_closing_the_iterator_ends_a_worker_that_hangs():
    events = launch.events(ONE_THREAD, request("sleeper", m=2))
    next(events)
    (worker,) = psutil.Process().children()
    begin = time.monotonic()
    events.close()
    assert not worker.is_running()
    assert time.monotonic() - begin < 5
