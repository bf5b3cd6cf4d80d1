"""PyTorch's products on a GPU: float8 on the CPU's own float8, for there is no GPU here."""

from types import SimpleNamespace

import numpy as np
import pytest

from fatnn_bench.contenders.gpu import clock, pytorch
from fatnn_bench.contenders.gpu.pytorch import TorchFloat8Gemm
from fatnn_bench.contenders.problems import Problems
from fatnn_bench.workload import data, oracle
from fatnn_bench.workload.layers import bare_gemm

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
FLOAT8 = TorchFloat8Gemm("kernel", "float8", "float8_e4m3fn")


@pytest.mark.parametrize("pattern", data.PATTERNS)
def test_float8_holds_its_operands_exactly_and_only_sums_are_rounded(pattern, monkeypatch):
    """Stand-ins for the GPU: its memory is the CPU's, and its clock none."""
    monkeypatch.setattr(pytorch, "_DEVICE", "cpu")
    monkeypatch.setattr(clock, "Clock", lambda enqueue: SimpleNamespace(run=enqueue))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    problem = Problems(bare_gemm(33, 48, 320), "kernel", 0, pattern).of(FLOAT8.x_domain, FLOAT8.y_domain)
    prepared = FLOAT8.prepare(problem, 1)
    prepared._multiply()
    assert oracle.complaint(prepared.result(), problem.right, 320, prepared.tolerance) == ""
    wrong = np.array(prepared.result())
    wrong[3, 5] -= 8 * 8  # a product is lost
    expected = pattern == "random"  # of larger sums, bfloat16 holds too few bits to see one
    assert bool(oracle.complaint(wrong, problem.right, 320, prepared.tolerance)) == expected


@pytest.mark.parametrize(
    ("capability", "sizes", "reason"),
    [
        ((8, 0), (16, 16, 16), "no float8: this GPU has compute capability 8.0, and it came with 8.9"),
        ((8, 9), (1, 16, 32), ""),
        ((9, 0), (4, 16, 40), "torch._scaled_mm takes K and N in multiples of 16, not K = 40 and N = 16"),
    ],
)
def test_where_there_is_no_float8(capability, sizes, reason, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert FLOAT8.skip_reason(bare_gemm(*sizes)) == reason
