"""``torch.float32`` in scope ``network``: the whole network in PyTorch, channels last, in inference mode."""

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.baselines.float_graph import FloatLayer, float_layers
from fatnn_bench.contenders.baselines.network import float_tolerance, image
from fatnn_bench.contenders.baselines.pytorch import MISSING
from fatnn_bench.contenders.problems import Problem
from fatnn_bench.contenders.protocol import Limit
from fatnn_bench.engine.operation import INPUT
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.product import FLOAT32_VALUES


class TorchNetwork:
    """The layers of the float32 network, each the function that a PyTorch user would call."""

    name = "torch.float32"
    precision = "float32"
    way: str | None = None
    x_domain = y_domain = FLOAT32_VALUES

    def skip_reason(self, layer: Layer) -> str:
        return "" if importlib.util.find_spec("torch") else MISSING

    def prepare(self, problem: Problem, threads: int) -> "_Prepared":
        return _Prepared(problem, threads)


class _Prepared:
    stages: Mapping[str, Callable[[int], None]] = {}
    limit: Limit | None = None

    def __init__(self, problem: Problem, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        assert problem.program is not None
        layers = float_layers(problem.program)
        self._steps = [(layer.name, layer.inputs, _call(layer)) for layer in layers]
        pixels = torch.from_numpy(image(problem)).contiguous(memory_format=torch.channels_last)
        self._values: dict[str, Any] = {INPUT: pixels}
        self._last, self._inference = layers[-1].name, torch.inference_mode
        self.tolerance = float_tolerance(problem)
        self.bytes = 4 * problem.x.size + int(problem.program.weight_bytes) + problem.right.nbytes
        self.codegen = {"library": f"torch {torch.__version__}", "threads": torch.get_num_threads()}

    def run(self, loops: int) -> None:
        with self._inference():
            for _ in range(loops):
                for name, inputs, call in self._steps:
                    self._values[name] = call(*(self._values[source] for source in inputs))

    def result(self) -> NDArray[Any]:
        return np.asarray(self._values[self._last].numpy())

    def spoil(self) -> None:
        self._values = {INPUT: self._values[INPUT], self._last: self._values[self._last][:0]}


def _call(layer: FloatLayer) -> Callable[..., Any]:
    """The layer as a function of tensors."""
    import torch
    from torch.nn import functional

    attributes = layer.attributes
    match layer.kind:
        case "conv":
            weight = torch.from_numpy(layer.weight).contiguous(memory_format=torch.channels_last)
            bias = torch.from_numpy(layer.bias)
            stride, padding = attributes["stride"], attributes["padding"]
            return lambda x: functional.conv2d(x, weight, bias, stride, padding)
        case "relu":
            return lambda x: functional.relu(x)
        case "add":
            return lambda x, y: torch.add(x, y)
        case "max_pool":
            size, stride, padding = attributes["size"], attributes["stride"], attributes["padding"]
            return lambda x: functional.max_pool2d(x, size, stride, padding)
    weight, bias = torch.from_numpy(layer.weight), torch.from_numpy(layer.bias)
    return lambda x: functional.linear(x.mean(dim=(2, 3)), weight, bias)
