"""Instruction-set levels: compiled for, and skipped where the CPU cannot run them."""

import archspec.cpu
import pytest

from fatnn_bench import campaign, launch
from fatnn_bench.contenders.catalog import contenders
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import cpu
from fatnn_bench.platforms import CpuPlatform
from fatnn_bench.records.run import Status
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer, bare_gemm
from fatnn_kernels import PRODUCTS

#: What OpenBLAS and PyTorch are told at a level.
LIBRARIES = {"x86-64-v2": ("Nehalem", "default"), "x86-64-v3": ("Haswell", "avx2"), "x86-64-v4": ("SkylakeX", "avx512")}


class Detected:
    def __init__(self, features):
        self.features = set(features)


def level(name):
    return CpuPlatform(kind="cpu", threads=1, numba_cpu=name)


@pytest.fixture
def haswell(monkeypatch):
    monkeypatch.setattr(cpu, "detected_info", lambda: Detected(archspec.cpu.TARGETS["haswell"].features))
    monkeypatch.setattr(archspec.cpu, "host", lambda: archspec.cpu.TARGETS["haswell"])


@pytest.mark.usefixtures("haswell")
@pytest.mark.parametrize("name", ["x86-64-v2", "x86-64-v3", "haswell", "a-cpu-of-tomorrow"])
def test_what_the_cpu_has_may_run(name):
    assert cpu.obstacle(level(name)) == ""


@pytest.mark.usefixtures("haswell")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x86-64-v4", "this CPU has no avx512bw, avx512cd, avx512dq, avx512f, avx512vl, which x86-64-v4 needs"),
        ("neoverse-n1", "neoverse-n1 is a CPU of aarch64, this one is of x86_64"),
    ],
)
def test_what_the_cpu_lacks_is_named(name, reason):
    assert cpu.obstacle(level(name)) == reason


def test_the_machines_own_cpu_is_no_obstacle():
    assert cpu.obstacle(CpuPlatform(kind="cpu", threads=1)) == ""


@pytest.mark.usefixtures("haswell")
def test_a_level_that_is_missing_is_skipped_without_a_worker(monkeypatch):
    monkeypatch.setattr(cpu.process, "listen", lambda *_: pytest.fail("a worker was started"))
    cases = [Case("binary", bare_gemm(m, 3, 3), "kernel", 1) for m in (2, 5)]
    events = list(launch.events(level("x86-64-v4"), Request(cases, None, 0)))
    assert [event.event for event in events] == ["ready", "layer", "row", "layer", "row", "done"]
    assert {event.row.status for event in events if event.event == "row"} == {"SKIPPED"}
    assert "avx512f" in events[2].row.reason


@pytest.mark.parametrize(("name", "told"), LIBRARIES.items())
def test_the_baselines_are_held_to_the_same_level(name, told):
    found = launch.environment(level(name), {})
    assert (found["OPENBLAS_CORETYPE"], found["ATEN_CPU_CAPABILITY"]) == told
    assert "OPENBLAS_CORETYPE" not in launch.environment(level("haswell"), {})


@pytest.mark.skipif(cpu.obstacle(level("x86-64-v2")) != "", reason="this CPU is below x86-64-v2")
def test_a_worker_compiles_for_its_level():
    cases = [Case("binary", bare_gemm(5, 7, 65), "kernel", 1)]
    events = launch.events(level("x86-64-v2"), Request(cases, None, 0))
    ready, *_, row, done = events
    assert (row.row.status, done.event) == ("PASSED", "done")
    assert ready.software["environment"]["NUMBA_CPU_NAME"] == "x86-64-v2"


class Silent:
    def turn(self, name, progress):
        pass

    def row_done(self, row):
        pass

    def note(self, text):
        pass


CONV = Layer(name="c", kind="conv", in_channels=40, out_channels=20, height=6, width=5, kernel=3, padding=1)


@pytest.mark.campaign
@pytest.mark.parametrize("scope", ["kernel", "packed"])
@pytest.mark.parametrize("name", ["x86-64-v2", "x86-64-v3"])
def test_a_product_of_every_way_is_right_at_every_level(name, scope):
    """A few shapes: a lone row, rows that fill no tile, words that do; ``make test-levels`` has all products."""
    if reason := cpu.obstacle(level(name)):
        pytest.skip(reason)
    layers = [bare_gemm(1, 5, 33), bare_gemm(13, 21, 128)] if scope == "kernel" else [CONV]
    own = contenders(scope)
    of_way = {product.way: name for name, product in PRODUCTS.items() if name in own}
    kernels = [name for way, name in of_way.items() if way != "tiles"]  # which are of no level
    assert len(kernels) >= 2
    cases = [Case(kernel, layer, scope, 1) for layer in layers for kernel in kernels]
    rows = {row.case: row for row in campaign.verify(cases, level(name), 0, Silent())}
    assert {row.status for row in rows.values()} == {Status.PASSED}, rows
    assert len(rows) == len(cases)
