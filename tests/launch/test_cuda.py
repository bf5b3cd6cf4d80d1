"""GPUs: what is missing here, what the worker sees, and cases measured in Numba's CUDA simulator."""

import ctypes
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from fatnn_bench import launch, machine
from fatnn_bench.contenders.catalog import contenders
from fatnn_bench.harness import noise, timing
from fatnn_bench.harness.conditions import Conditions
from fatnn_bench.harness.noise import Observation
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import cuda
from fatnn_bench.machine import gpu
from fatnn_bench.platforms import CudaPlatform
from fatnn_bench.records import provenance
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm

FIRST = CudaPlatform(kind="cuda")
needs_numba_cuda = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")


class Driver:
    """An NVIDIA driver with so many GPUs."""

    def __init__(self, count, code=0):
        self.count, self.code = count, code

    def cuInit(self, flags):  # noqa: N802
        return self.code

    def cuDeviceGetCount(self, count):  # noqa: N802
        count._obj.value = self.count
        return 0


@pytest.fixture
def driver(monkeypatch):
    """Make ctypes find a driver, and numba-cuda installed."""
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
    monkeypatch.setattr(cuda, "find_spec", lambda name: object())

    def install(found):
        monkeypatch.setattr(ctypes, "CDLL", lambda name: found)

    return install


def test_without_numba_cuda_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(cuda, "find_spec", lambda name: None)
    assert cuda.obstacle(FIRST) == "numba-cuda is not installed; pip install 'fatnn-bench[cuda]'"


def test_without_a_driver_every_case_is_skipped(monkeypatch, driver):
    load = ctypes.CDLL

    def missing(name, *others, **options):
        if name == "libcuda.so.1":
            raise OSError(name)
        return load(name, *others, **options)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    found = list(launch.events(FIRST, Request([Case("binary", bare_gemm(3, 3, 3), "kernel", 1)], None, 0)))
    (row,) = (event.row for event in found if event.event == "row")
    assert (row.status, row.reason) == ("SKIPPED", "there is no NVIDIA driver: libcuda.so.1 is not found")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Driver(2), ""),
        (Driver(1), "device is 1, and this machine has 1 GPUs, numbered from 0"),
        (Driver(0, code=100), "the NVIDIA driver finds no GPU (error 100); what does nvidia-smi say?"),
    ],
)
def test_a_driver_says_what_gpus_there_are(driver, found, reason):
    driver(found)
    assert cuda.obstacle(CudaPlatform(kind="cuda", device=1)) == reason


@pytest.mark.parametrize(
    ("visible", "device", "chosen"), [(None, 1, "1"), ("", 0, "0"), ("3,5", 1, "5"), ("GPU-7f,GPU-9a", 0, "GPU-7f")]
)
def test_the_worker_sees_one_gpu_of_those_that_it_may(visible, device, chosen):
    inherited = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    found = cuda.environment(CudaPlatform(kind="cuda", device=device), inherited | {"HOME": "/home/me"})
    assert (found["CUDA_VISIBLE_DEVICES"], found["CUDA_DEVICE_ORDER"]) == (chosen, "PCI_BUS_ID")
    assert found["HOME"] == "/home/me"


def test_facts_are_in_our_units_and_what_is_not_told_is_none():
    told = gpu.parsed("NVIDIA X9, 9.0, 580.1, 1024, [N/A], Disabled, 700.00, 33, 345, 1980, 3201\n")
    assert told["name"] == "NVIDIA X9"
    assert told["ecc"] is None
    assert (told["memory_bytes"], told["power_limit_w"]) == (2**30, 700)
    assert (told["frequency_hz"], told["max_frequency_hz"]) == (345_000_000, 1_980_000_000)
    assert set(gpu.parsed("").values()) == {None}


def test_a_gpu_names_the_machine():
    described = {"cpu": "Some CPU", "gpu": {"name": "NVIDIA X9"}}
    assert provenance.machine_name(described) == "NVIDIA X9"
    assert machine.identity(described) != machine.identity({"cpu": "Some CPU"})


def test_what_has_a_clock_of_its_own_is_timed_by_it_and_not_doubted_for_the_hosts():
    sample = timing.sample(lambda loops: 0.5 * loops, 4)
    assert sample == (0.5, None)
    assert timing.seconds(lambda loops: 0.5 * loops, 4) == 2.0
    slow_host = [Observation(sample, Conditions(canary_s=9.0, steal_s=1.0))] * 9
    assert noise.disturbances(slow_host, 1.0, threads=1) == []


@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (9, 0)])
def test_tensor_cores_came_with_ampere(monkeypatch, capability):
    """The device is a stand-in: there is none here."""
    from fatnn_kernels.cuda import PRODUCTS, device

    lacks = "no tensor cores that count bits: this GPU has compute capability 7.5, and they came with 8.0"
    monkeypatch.setattr(device.cuda, "get_current_device", lambda: SimpleNamespace(compute_capability=capability))
    assert device.obstacle(PRODUCTS["binary-tensor"]) == (lacks if capability == (7, 5) else "")
    assert device.obstacle(PRODUCTS["binary"]) == ""


def test_kernels_of_a_gpu_are_listed(shell):
    listed = [line.split()[0] for line in shell("list", "kernels").stdout.splitlines()]
    assert {"ternary-tensor", "torch.tf32", "ternary-fatnn"} <= set(listed)
    assert len(listed) == len(set(listed))


def test_on_a_gpu_two_scopes_are_measured():
    reasons = {
        scope: contenders(scope, "cuda")["binary"].skip_reason(bare_gemm(3, 8, 32))
        for scope in ("kernel", "layer", "packed", "network")
    }
    assert reasons == {
        "kernel": "",
        "layer": "on a GPU layers are computed on tensor cores, not by popcount",
        "packed": "on a GPU the scopes kernel and layer are measured, not packed",
        "network": "on a GPU the scopes kernel and layer are measured, not network",
    }


@needs_numba_cuda
def test_products_run_in_the_simulator(shell):
    """Verified only: the simulator takes far longer than any clock of ours expects."""
    chosen = ("--shapes", "5x9x40", "--kernel", "binary,binary-tensor,torch.float32")
    done = shell("verify", "--platform", "cuda", *chosen, NUMBA_ENABLE_CUDASIM="1", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["PASSED", "binary/5x9x40/kernel@1"],
        ["SKIPPED", "binary-tensor/5x9x40/kernel@1"],
        ["SKIPPED", "torch.float32/5x9x40/kernel@1"],
    ]
    assert "Numba's CUDA simulator has no tensor cores" in done.stdout
