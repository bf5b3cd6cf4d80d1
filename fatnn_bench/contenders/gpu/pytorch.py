"""What a user of PyTorch would run on the GPU: its matrix products, on tensor cores where a type has them.

``torch.float32`` keeps to float32; ``torch.tf32`` lets the tensor cores round its operands to 10 bits, as PyTorch does
when asked for speed; ``torch.float16``, ``torch.float8`` (e4m3 into bfloat16) and ``torch.int8`` (into int32) are of
tensor cores alone.
"""

import math
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.gpu.products import beyond
from fatnn_bench.contenders.problems import Problem
from fatnn_bench.contenders.protocol import Prepared
from fatnn_bench.machine.gpu_clock import GpuClock, look
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.product import FLOAT32_VALUES, INT8_VALUES, Domain

_DEVICE = "cuda"
#: Unit roundoff of ten bits of fraction, those of float16 and of TF32.
_ROUNDOFF = 2.0**-11
#: That of bfloat16, twice over: tensor cores add products of float8 in fewer bits than float32 has.
_ROUNDOFF_OF_SUMS = 2.0**-8
#: Values that float8 (e4m3) holds exactly, so that a wrong sum cannot pass for its rounding.
_FLOAT8_VALUES = Domain("the whole numbers from -8 to 8", -8, 8)
#: The first compute capability whose tensor cores multiply float8: Ada.
_FLOAT8 = (8, 9)


class TorchFloat:
    """``torch.matmul`` of x [M, K] and y [N, K] transposed, or cuDNN's convolution, channels last, in one type."""

    way: str | None = None
    x_domain: Domain = FLOAT32_VALUES
    y_domain: Domain = FLOAT32_VALUES

    def __init__(self, scope: str, name: str, dtype: str, tf32: bool = False) -> None:
        self.name, self.precision = f"torch.{name}", name
        self._dtype, self._tf32, self._scope = dtype, tf32, scope

    def skip_reason(self, layer: Layer) -> str:
        """Why PyTorch cannot run a layer here."""
        if find_spec("torch") is None:
            return "PyTorch is not installed; pip install 'fatnn-bench[baselines]'"
        import torch

        if not torch.cuda.is_available():
            return f"PyTorch {torch.__version__} sees no GPU: it was built without CUDA, or for another driver"
        return layer.skip_reason or beyond(self._scope)

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        kind = _PreparedConvolution if self._scope == "layer" else _PreparedGemm
        return kind(self._dtype, self._tf32, problem)


class TorchInt8Gemm(TorchFloat):
    """``torch._int_mm``, int8 × int8 → int32."""

    x_domain = INT8_VALUES
    y_domain = INT8_VALUES

    def skip_reason(self, layer: Layer) -> str:
        """As above; torch._int_mm wants M above 16, and K and N in multiples of 8."""
        if reason := super().skip_reason(layer) or _no_convolution(self._scope, self.precision):
            return reason
        if layer.m <= 16 or layer.k % 8 or layer.n % 8:
            return f"torch._int_mm takes M > 16, and K and N in multiples of 8, not {layer.m}×{layer.n}×{layer.k}"
        return ""


class TorchFloat8Gemm(TorchFloat):
    """``torch._scaled_mm`` of float8 (e4m3), with scales of 1, into bfloat16."""

    x_domain = _FLOAT8_VALUES
    y_domain = _FLOAT8_VALUES

    def skip_reason(self, layer: Layer) -> str:
        """As above; float8 came with compute capability 8.9, and torch._scaled_mm wants K and N in multiples of 16."""
        if reason := super().skip_reason(layer) or _no_convolution(self._scope, self.precision):
            return reason
        import torch

        if (found := torch.cuda.get_device_capability()) < _FLOAT8:
            return f"no float8: this GPU has compute capability {found[0]}.{found[1]}, and it came with 8.9"
        if layer.k % 16 or layer.n % 16:
            return f"torch._scaled_mm takes K and N in multiples of 16, not K = {layer.k} and N = {layer.n}"
        return ""

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        return _PreparedFloat8Gemm(self._dtype, self._tf32, problem)


def _no_convolution(scope: str, precision: str) -> str:
    return f"PyTorch convolves on a GPU in floats, not in {precision}" if scope == "layer" else ""


class _PreparedGemm:
    stages: Mapping[str, Callable[[int], None]] = {}
    limit = None

    def __init__(self, dtype: str, tf32: bool, problem: Problem) -> None:
        import torch

        from fatnn_bench.contenders.gpu.clock import Clock

        self._torch, self._tf32 = torch, tf32
        kind = getattr(torch, dtype)
        self._x, self._y = (torch.from_numpy(values).to(_DEVICE, kind) for values in (problem.x, problem.y))
        result = {torch.int8: torch.int32, torch.float8_e4m3fn: torch.bfloat16}.get(kind, kind)
        self._out = torch.empty(problem.right.shape, dtype=result, device=_DEVICE)
        self.run = Clock(self._enqueue).run
        self.bytes = sum(tensor.numel() * tensor.element_size() for tensor in (self._x, self._y, self._out))
        self.codegen = {"torch": torch.__version__}
        self.tolerance = self._tolerance(problem)

    def _tolerance(self, problem: Problem) -> float | None:
        rounds = self._tf32 or self._out.dtype == self._torch.float16
        return _tolerance(problem) if rounds else None

    def _multiply(self) -> None:
        multiply = self._torch._int_mm if self._x.dtype == self._torch.int8 else self._torch.matmul
        multiply(self._x, self._y.t(), out=self._out)

    def _enqueue(self, stream: Any) -> None:
        self._torch.backends.cuda.matmul.allow_tf32 = self._tf32
        with self._torch.cuda.stream(self._torch.cuda.ExternalStream(int(stream))):
            self._multiply()

    def gpu_clock(self) -> GpuClock | None:
        return look()

    def result(self) -> NDArray[Any]:
        self._torch.cuda.synchronize()
        halves = (self._torch.float16, self._torch.bfloat16)
        out = self._out.float() if self._out.dtype in halves else self._out
        return np.asarray(out.cpu().numpy())

    def spoil(self) -> None:
        self._out.fill_(-1)
        self._torch.cuda.synchronize()


class _PreparedConvolution(_PreparedGemm):
    """Images and weights are [batch, height, width, channels] in memory, which PyTorch calls channels last."""

    def __init__(self, dtype: str, tf32: bool, problem: Problem) -> None:
        super().__init__(dtype, tf32, problem)
        self._convolve = self._torch.ops.aten.cudnn_convolution.out
        sides = [problem.layer.padding] * 2, [problem.layer.stride] * 2, [1, 1]
        self._options = (*sides, 1, True, False, tf32)  # one group, the fastest algorithm, not the same bits each time

    def _multiply(self) -> None:
        image, weights, out = (tensor.permute(0, 3, 1, 2) for tensor in (self._x, self._y, self._out))
        self._convolve(image, weights, *self._options, out=out)


class _PreparedFloat8Gemm(_PreparedGemm):
    def __init__(self, dtype: str, tf32: bool, problem: Problem) -> None:
        super().__init__(dtype, tf32, problem)
        self._scale = self._torch.ones((), device=_DEVICE)

    def _tolerance(self, problem: Problem) -> float:
        return _ROUNDOFF_OF_SUMS * float(np.abs(problem.right).max())

    def _multiply(self) -> None:
        self._torch._scaled_mm(self._x, self._y.t(), self._scale, self._scale, out_dtype=self._out.dtype, out=self._out)


def _tolerance(problem: Problem) -> float:
    """How far a product of operands of ten bits may be off.

    The errors of K products are as random as their signs, as :func:`fatnn_bench.workload.oracle.complaint` has it; the
    result is rounded once more.
    """
    return _ROUNDOFF * (16 * math.sqrt(problem.layer.k) + float(np.abs(problem.right).max()))


def baselines(scope: str) -> list[TorchFloat]:
    """The baselines of a scope."""
    return [
        TorchFloat(scope, "float32", "float32"),
        TorchFloat(scope, "tf32", "float32", tf32=True),
        TorchFloat(scope, "float16", "float16"),
        TorchFloat8Gemm(scope, "float8", "float8_e4m3fn"),
        TorchInt8Gemm(scope, "int8", "int8"),
    ]
