"""What a user of PyTorch would run on the GPU: its matrix products, on tensor cores where a type has them.

``torch.float32`` keeps to float32; ``torch.tf32`` lets the tensor cores round its operands to 10 bits, as PyTorch does
when asked for speed; ``torch.float16`` and ``torch.int8`` (into int32) are tensor cores' own.
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
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.product import FLOAT32_VALUES, INT8_VALUES, Domain

#: Unit roundoff of ten bits of fraction, those of float16 and of TF32.
_ROUNDOFF = 2.0**-11


class TorchGemm:
    """``torch.matmul`` of x [M, K] and y [N, K] transposed, in one type."""

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
        return _PreparedTorchGemm(self._dtype, self._tf32, problem)


class TorchInt8Gemm(TorchGemm):
    """``torch._int_mm``, int8 × int8 → int32."""

    x_domain = INT8_VALUES
    y_domain = INT8_VALUES

    def skip_reason(self, layer: Layer) -> str:
        """As above; torch._int_mm wants M above 16, and K and N in multiples of 8."""
        if reason := super().skip_reason(layer):
            return reason
        if layer.m <= 16 or layer.k % 8 or layer.n % 8:
            return f"torch._int_mm takes M > 16, and K and N in multiples of 8, not {layer.m}×{layer.n}×{layer.k}"
        return ""


class _PreparedTorchGemm:
    stages: Mapping[str, Callable[[int], None]] = {}
    limit = None

    def __init__(self, dtype: str, tf32: bool, problem: Problem) -> None:
        import torch

        from fatnn_bench.contenders.gpu.clock import Clock

        self._torch, self._tf32 = torch, tf32
        kind = getattr(torch, dtype)
        self._x, self._y = (torch.from_numpy(values).to("cuda", kind) for values in (problem.x, problem.y))
        result = torch.int32 if kind == torch.int8 else kind
        self._out = torch.empty((len(problem.x), len(problem.y)), dtype=result, device="cuda")
        self._multiply = torch._int_mm if kind == torch.int8 else torch.matmul
        self.run = Clock(self._enqueue).run
        self.bytes = sum(tensor.numel() * tensor.element_size() for tensor in (self._x, self._y, self._out))
        self.codegen = {"torch": torch.__version__}
        self.tolerance = _tolerance(problem) if tf32 or kind == torch.float16 else None

    def _enqueue(self, stream: Any) -> None:
        self._torch.backends.cuda.matmul.allow_tf32 = self._tf32
        with self._torch.cuda.stream(self._torch.cuda.ExternalStream(int(stream))):
            self._multiply(self._x, self._y.t(), out=self._out)

    def result(self) -> NDArray[Any]:
        self._torch.cuda.synchronize()
        out = self._out.float() if self._out.dtype == self._torch.float16 else self._out
        return np.asarray(out.cpu().numpy())

    def spoil(self) -> None:
        self._out.fill_(-1)
        self._torch.cuda.synchronize()


def _tolerance(problem: Problem) -> float:
    """How far a product of operands of ten bits may be off.

    The errors of K products are as random as their signs, as :func:`fatnn_bench.workload.oracle.complaint` has it; the
    result is rounded once more.
    """
    return _ROUNDOFF * (16 * math.sqrt(problem.x.shape[1]) + float(np.abs(problem.right).max()))


def gemms(scope: str) -> list[TorchGemm]:
    """The baselines of a scope."""
    return [
        TorchGemm(scope, "float32", "float32"),
        TorchGemm(scope, "tf32", "float32", tf32=True),
        TorchGemm(scope, "float16", "float16"),
        TorchInt8Gemm(scope, "int8", "int8"),
    ]
