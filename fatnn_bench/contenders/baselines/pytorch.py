"""``torch.float32``, ``torch.bfloat16`` and ``torch.int8``: the layers that a PyTorch user would run on a CPU."""

import importlib.util
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.baselines import eight_bit
from fatnn_bench.contenders.problems import Problem
from fatnn_bench.workload.layers import Layer
from fatnn_bench.workload.quantisation import BOUNDS
from fatnn_kernels.product import FLOAT32_VALUES, INT8_VALUES

MISSING = "PyTorch is not installed: pip install 'fatnn-bench[baselines]'"


#: Unit roundoff of bfloat16, which has eight bits of significand.
_BFLOAT16_ROUNDOFF = 2.0**-9


class TorchFloat32:
    """``torch.nn.functional.conv2d`` (or ``linear``), channels last, in inference mode."""

    name = "torch.float32"
    precision = "float32"
    way: str | None = None
    x_domain = y_domain = FLOAT32_VALUES

    def skip_reason(self, layer: Layer) -> str:
        return layer.skip_reason or ("" if importlib.util.find_spec("torch") else MISSING)

    def prepare(self, problem: Problem, threads: int) -> "_PreparedFloat":
        return _PreparedFloat(problem, threads, "float32", None)


class TorchBfloat16(TorchFloat32):
    """The same in bfloat16, in and out."""

    name = "torch.bfloat16"
    precision = "bfloat16"

    def prepare(self, problem: Problem, threads: int) -> "_PreparedFloat":
        return _PreparedFloat(problem, threads, "bfloat16", _bfloat16_tolerance(problem))


class _PreparedFloat:
    stages: Mapping[str, Callable[[int], None]] = {}
    limit = None

    def __init__(self, problem: Problem, threads: int, dtype: str, tolerance: float | None) -> None:
        import torch

        torch.set_num_threads(threads)
        layer, kind = problem.layer, getattr(torch, dtype)
        module: torch.nn.Module
        if layer.kind == "conv":
            module = torch.nn.Conv2d(
                layer.in_channels, layer.out_channels, layer.kernel, layer.stride, layer.padding, bias=False
            )
            image = torch.from_numpy(problem.x).permute(0, 3, 1, 2)
            weight = torch.from_numpy(problem.y).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        else:
            module = torch.nn.Linear(layer.in_channels, layer.out_channels, bias=False)
            image = torch.from_numpy(problem.x).reshape(layer.batch, layer.in_channels)
            weight = torch.from_numpy(problem.y).reshape(layer.out_channels, layer.in_channels)
        module.load_state_dict({"weight": weight})
        self._module = module.eval().to(dtype=kind, memory_format=torch.channels_last)
        self._image, self._inference = image.to(kind), torch.inference_mode
        self._out: Any = None
        self.tolerance = tolerance
        self.bytes = kind.itemsize * (problem.x.size + problem.y.size + layer.m * layer.n)
        self.codegen = {"library": f"torch {torch.__version__}", "threads": torch.get_num_threads()}

    def run(self, loops: int) -> None:
        with self._inference():
            for _ in range(loops):
                self._out = self._module(self._image)

    def result(self) -> NDArray[Any]:
        return _as_image(self._out.float().numpy())

    def spoil(self) -> None:
        self._out = self._out[:0]


class TorchInt8:
    """PyTorch's quantised convolution (or linear layer): 8-bit in and out, static scales, on its x86 or Arm engine."""

    name = "torch.int8"
    precision = "int8"
    way: str | None = None
    x_domain = INT8_VALUES

    def __init__(self) -> None:
        self.y_domain = eight_bit.weight_domain()

    def skip_reason(self, layer: Layer) -> str:
        return layer.skip_reason or ("" if importlib.util.find_spec("torch") else MISSING)

    def prepare(self, problem: Problem, threads: int) -> "_PreparedInt8":
        return _PreparedInt8(problem, threads)


class _PreparedInt8:
    stages: Mapping[str, Callable[[int], None]] = {}
    limit = None

    def __init__(self, problem: Problem, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        layer, ops = problem.layer, torch.ops.quantized
        factor = BOUNDS[INT8_VALUES.name][0]
        self._scale = eight_bit.output_scale(problem.right)
        self.tolerance = eight_bit.tolerance(self._scale)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # PyTorch plans to replace these tensors; its users have them
            image = torch._make_per_tensor_quantized_tensor(
                torch.from_numpy(eight_bit.unsigned(problem.x)), 1.0 / factor, 128
            )
            weight = torch._make_per_tensor_quantized_tensor(torch.from_numpy(problem.y), 1.0, 0)
        if layer.kind == "conv":
            packed = ops.conv2d_prepack(
                weight.permute(0, 3, 1, 2), None, [layer.stride] * 2, [layer.padding] * 2, [1, 1], 1
            )
            self._image = image.permute(0, 3, 1, 2)
            self._call = ops.conv2d.new
        else:
            packed = ops.linear_prepack(weight.reshape(layer.out_channels, layer.in_channels), None)
            self._image = image.reshape(layer.batch, layer.in_channels)
            self._call = ops.linear
        self._packed, self._inference = packed, torch.inference_mode
        self._out_scale = self._scale / factor
        self._out: Any = None
        self.bytes = problem.x.size + problem.y.size + layer.m * layer.n
        self.codegen = {
            "library": f"torch {torch.__version__}",
            "engine": torch.backends.quantized.engine,
            "threads": torch.get_num_threads(),
        }

    def run(self, loops: int) -> None:
        with self._inference():
            for _ in range(loops):
                self._out = self._call(self._image, self._packed, self._out_scale, 128)

    def result(self) -> NDArray[Any]:
        levels = self._out.int_repr().numpy().astype(np.int32) - 128
        return _as_image(levels * self._scale)

    def spoil(self) -> None:
        self._out = self._out[:0]


LAYERS = (TorchFloat32, TorchBfloat16, TorchInt8)


def _bfloat16_tolerance(problem: Problem) -> float:
    """How far bfloat16 sums may be off, of activations of unit variance and weights of at most 1.

    Rounding leaves x and y a relative error of at most u each, u/√3 in the mean square, as random as the signs of the
    products; with y of variance 1/3, K of those are off by σ = u·√(2K)/3, of which 8·u·√K is 17. The sum is rounded
    once more.
    """
    return _BFLOAT16_ROUNDOFF * (8 * math.sqrt(problem.layer.k) + float(np.abs(problem.right).max()))


def _as_image(out: NDArray[Any]) -> NDArray[Any]:
    """NCHW, or [batch, channels], as NHWC."""
    if out.ndim == 2:
        return out[:, None, None]
    return out.transpose(0, 2, 3, 1)
