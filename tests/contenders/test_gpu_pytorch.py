"""PyTorch's products on a GPU: float8 on the CPU's own float8, for there is no GPU here."""

from types import SimpleNamespace

import numpy as np
import pytest

from fatnn_bench.contenders.catalog import contenders
from fatnn_bench.contenders.gpu import clock, pytorch
from fatnn_bench.contenders.gpu.pytorch import TorchFloat8Gemm
from fatnn_bench.contenders.problems import Problems
from fatnn_bench.workload import data, oracle
from fatnn_bench.workload.layers import Layer, bare_gemm

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


@pytest.mark.parametrize("name", ["torch.float32", "torch.tf32", "torch.float16"])
def test_layers_are_convolved_channels_last(name, monkeypatch):
    """Stand-ins for the GPU, and PyTorch's convolution of the CPU for cuDNN's."""
    monkeypatch.setattr(pytorch, "_DEVICE", "cpu")
    monkeypatch.setattr(clock, "Clock", lambda enqueue: SimpleNamespace(run=enqueue))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)

    def convolve(image, weights, padding, stride, dilation, groups, *how, out):
        assert all(tensor.is_contiguous(memory_format=torch.channels_last) for tensor in (image, weights, out))
        assert how == (True, False, name == "torch.tf32")
        out.copy_(torch.nn.functional.conv2d(image, weights, None, stride, padding, dilation, groups))

    layer = Layer(name="c", kind="conv", batch=2, height=5, width=6, in_channels=16, out_channels=8, kernel=3, stride=2,
                  padding=1)  # fmt: skip
    contender = contenders("layer", "cuda")[name]
    problem = Problems(layer, "layer", 0).of(contender.x_domain, contender.y_domain)
    prepared = contender.prepare(problem, 1)
    prepared._convolve = convolve
    prepared._multiply()
    assert prepared.result().shape == (2, 3, 3, 8)
    assert oracle.complaint(prepared.result(), problem.right, layer.k, prepared.tolerance) == ""
    prepared.spoil()
    assert oracle.complaint(prepared.result(), problem.right, layer.k, prepared.tolerance) != ""


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
