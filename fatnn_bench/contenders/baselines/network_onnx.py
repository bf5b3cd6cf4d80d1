"""``onnxruntime.float32`` and ``onnxruntime.int8`` in scope ``network``: the whole network as one ONNX model.

The int8 model is what onnxruntime's own static quantisation makes of the float32 one: unsigned 8-bit activations with
scales from calibration on the image that is run, signed 8-bit weights with a scale a channel.
"""

import importlib.util
import logging
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.baselines.float_graph import FloatLayer, float_layers
from fatnn_bench.contenders.baselines.network import float_tolerance, image
from fatnn_bench.contenders.baselines.onnx import MISSING
from fatnn_bench.contenders.baselines.onnx_session import BoundSession
from fatnn_bench.contenders.problems import Problem
from fatnn_bench.contenders.protocol import Limit
from fatnn_bench.engine.program import Program
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.product import FLOAT32_VALUES, INT8_VALUES
from fatnn_kernels.target import current_target

#: Of the largest logit: 8-bit steps in twenty layers. A network that computes something else is off by more than all.
_INT8 = 0.25


class _Onnx:
    def skip_reason(self, layer: Layer) -> str:
        installed = importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnx")
        return "" if installed else MISSING


class OnnxFloat32Network(_Onnx):
    """Conv, Relu, Add, MaxPool, GlobalAveragePool and Gemm."""

    name = "onnxruntime.float32"
    precision = "float32"
    way: str | None = None
    x_domain = y_domain = FLOAT32_VALUES

    def prepare(self, problem: Problem, threads: int) -> "_Prepared":
        assert problem.program is not None
        return _Prepared(problem, threads, _model(problem.program, problem.layer.batch), float_tolerance(problem))


class OnnxInt8Network(_Onnx):
    """The same, quantised by ``onnxruntime.quantization.quantize_static``."""

    name = "onnxruntime.int8"
    precision = "int8"
    way: str | None = None
    x_domain = y_domain = INT8_VALUES

    def prepare(self, problem: Problem, threads: int) -> "_Prepared":
        assert problem.program is not None
        model = _quantised(_model(problem.program, problem.layer.batch), image(problem))
        return _Prepared(problem, threads, model, _INT8 * float(np.abs(problem.right).max()))


class _Prepared:
    stages: Mapping[str, Callable[[int], None]] = {}
    limit: Limit | None = None

    def __init__(self, problem: Problem, threads: int, model: Any, tolerance: float) -> None:
        serialised = model.SerializeToString()
        x = image(problem)
        session = BoundSession(serialised, threads, x, problem.right.shape, np.float32)
        self.run, self.result, self.spoil = session.run, session.result, session.spoil
        self.tolerance = tolerance
        self.bytes = x.nbytes + len(serialised) + problem.right.nbytes
        self.codegen = {"library": session.library, "threads": threads}


def _model(program: Program, batch: int) -> Any:
    """The float32 network as an ONNX model, whose input is ``input``."""
    from onnx import TensorProto, helper, numpy_helper

    layers = float_layers(program)
    constants = [
        numpy_helper.from_array(np.ascontiguousarray(array), f"{layer.name}.{part}")
        for layer in layers
        for part, array in (("weight", layer.weight), ("bias", layer.bias))
        if array is not None
    ]
    shape = (batch, program.channels, program.size, program.size)
    graph = helper.make_graph(
        [node for layer in layers for node in _nodes(layer)],
        program.name,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(layers[-1].name, TensorProto.FLOAT, (batch, program.classes))],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _nodes(layer: FloatLayer) -> list[Any]:
    from onnx.helper import make_node

    name, inputs, attributes = layer.name, list(layer.inputs), layer.attributes
    parameters = [f"{name}.weight", f"{name}.bias"]
    match layer.kind:
        case "conv":
            sides = {"strides": [attributes["stride"]] * 2, "pads": [attributes["padding"]] * 4}
            return [make_node("Conv", inputs + parameters, [name], **sides)]
        case "relu":
            return [make_node("Relu", inputs, [name])]
        case "add":
            return [make_node("Add", inputs, [name])]
        case "max_pool":
            sides = {"strides": [attributes["stride"]] * 2, "pads": [attributes["padding"]] * 4}
            return [make_node("MaxPool", inputs, [name], kernel_shape=[attributes["size"]] * 2, **sides)]
    return [
        make_node("GlobalAveragePool", inputs, [f"{name}.mean"]),
        make_node("Flatten", [f"{name}.mean"], [f"{name}.flat"]),
        make_node("Gemm", [f"{name}.flat", *parameters], [name], transB=1),
    ]


class _Images:
    """The calibration images, as onnxruntime asks for them."""

    def __init__(self, pixels: NDArray[np.float32]) -> None:
        self._left = [{"input": pixels}]

    def get_next(self) -> dict[str, Any] | None:
        return self._left.pop() if self._left else None


def _quantised(model: Any, pixels: NDArray[np.float32]) -> Any:
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    without_vnni = current_target().int8_dot == "pairs"  # its u8 × s8 pairs saturate, unless weights have 7 bits
    logging.disable(logging.WARNING)  # it advises to optimise first, which is done when the session is made
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "int8.onnx")
            quantize_static(
                model,
                path,
                _Images(pixels),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                reduce_range=without_vnni,
            )
            return onnx.load(path)
    finally:
        logging.disable(logging.NOTSET)
