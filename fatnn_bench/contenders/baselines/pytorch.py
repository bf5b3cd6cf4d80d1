"""``torch.float32`` and ``torch.int8``: the convolutions and linear layers a PyTorch user would run on a CPU."""

import importlib.util
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


class TorchFloat32:
    """``torch.nn.functional.conv2d`` (or ``linear``), channels last, in inference mode."""

    name = "torch.float32"
    precision = "float32"
    way: str | None = None
    x_domain = y_domain = FLOAT32_VALUES

    def skip_reason(self, layer: Layer) -> str:
        return layer.skip_reason or ("" if importlib.util.find_spec("torch") else MISSING)

    def prepare(self, problem: Problem, threads: int) -> "_PreparedFloat32":
        return _PreparedFloat32(problem, threads)


class _PreparedFloat32:
    tolerance = None
    stages: Mapping[str, Callable[[int], None]] = {}
    limit = None

    def __init__(self, problem: Problem, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        layer = problem.layer
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
        self._module = module.eval().to(memory_format=torch.channels_last)
        self._image, self._inference = image, torch.inference_mode
        self._out: Any = None
        self.bytes = problem.x.nbytes + problem.y.nbytes + 4 * layer.m * layer.n
        self.codegen = {"library": f"torch {torch.__version__}", "threads": torch.get_num_threads()}

    def run(self, loops: int) -> None:
        with self._inference():
            for _ in range(loops):
                self._out = self._module(self._image)

    def result(self) -> NDArray[Any]:
        return _as_image(self._out.numpy())

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


LAYERS = (TorchFloat32, TorchInt8)


def _as_image(out: NDArray[Any]) -> NDArray[Any]:
    """NCHW, or [batch, channels], as NHWC."""
    if out.ndim == 2:
        return out[:, None, None]
    return out.transpose(0, 2, 3, 1)
