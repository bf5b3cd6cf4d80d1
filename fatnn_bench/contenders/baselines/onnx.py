"""``onnxruntime.float32`` and ``onnxruntime.int8``: one-layer models on onnxruntime's CPU provider.

The int8 layer is QLinearConv (or QLinearMatMul) with unsigned activations and signed weights, 8-bit in and out; signed
activations run an order of magnitude slower there.
"""

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.baselines import eight_bit
from fatnn_bench.contenders.baselines.onnx_session import BoundSession
from fatnn_bench.contenders.problems import Problem
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.product import FLOAT32_VALUES, INT8_VALUES

MISSING = "onnxruntime or onnx is not installed: pip install 'fatnn-bench[baselines]'"


class _OnnxLayer:
    def skip_reason(self, layer: Layer) -> str:
        installed = importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnx")
        return layer.skip_reason or ("" if installed else MISSING)


class OnnxFloat32(_OnnxLayer):
    """Conv, or MatMul."""

    name = "onnxruntime.float32"
    precision = "float32"
    way: str | None = None
    x_domain = y_domain = FLOAT32_VALUES

    def prepare(self, problem: Problem, threads: int) -> "_Prepared":
        weights = _weights(problem)
        operator = "Conv" if problem.layer.kind == "conv" else "MatMul"
        return _Prepared(problem, threads, operator, _image(problem.x, problem.layer), {"w": weights}, scale=None)


class OnnxInt8(_OnnxLayer):
    """QLinearConv, or QLinearMatMul."""

    name = "onnxruntime.int8"
    precision = "int8"
    way: str | None = None
    x_domain = INT8_VALUES

    def __init__(self) -> None:
        self.y_domain = eight_bit.weight_domain()

    def prepare(self, problem: Problem, threads: int) -> "_Prepared":
        scale = eight_bit.output_scale(problem.right)
        one, offset = np.float32(1), np.uint8(128)
        constants = {
            "x_scale": one,
            "x_zero": offset,
            "w": _weights(problem).astype(np.int8),
            "w_scale": one,
            "w_zero": np.int8(0),
            "y_scale": np.float32(scale),
            "y_zero": offset,
        }
        operator = "QLinearConv" if problem.layer.kind == "conv" else "QLinearMatMul"
        return _Prepared(
            problem, threads, operator, _image(eight_bit.unsigned(problem.x), problem.layer), constants, scale=scale
        )


class _Prepared:
    stages: Mapping[str, Callable[[int], None]] = {}
    limit = None

    def __init__(
        self,
        problem: Problem,
        threads: int,
        operator: str,
        image: NDArray[Any],
        constants: Mapping[str, Any],
        scale: float | None,
    ) -> None:
        shape: tuple[int, ...] = (problem.layer.batch, problem.layer.out_channels)
        if problem.layer.kind == "conv":
            shape += (problem.layer.out_height, problem.layer.out_width)
        model = _model(problem.layer, operator, image, constants)
        self._session = BoundSession(model, threads, image, shape, image.dtype)
        self.run, self.spoil = self._session.run, self._session.spoil
        self._scale, self._layer = scale, problem.layer
        self.tolerance = None if scale is None else eight_bit.tolerance(scale)
        self.bytes = image.nbytes + constants["w"].nbytes + self._session.result().nbytes
        self.codegen = {"library": self._session.library, "operator": operator, "threads": threads}

    def result(self) -> NDArray[Any]:
        out = self._session.result()
        if self._scale is not None:
            out = (out.astype(np.int32) - 128) * self._scale
        if out.ndim == 2:
            return out.reshape(self._layer.batch, 1, 1, self._layer.out_channels)
        return out.transpose(0, 2, 3, 1)


LAYERS = (OnnxFloat32, OnnxInt8)


def _image(values: NDArray[Any], layer: Layer) -> NDArray[Any]:
    """NHWC as the operator takes it: NCHW, or [batch, channels]."""
    if layer.kind == "conv":
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    return values.reshape(layer.batch, layer.in_channels)


def _weights(problem: Problem) -> NDArray[Any]:
    if problem.layer.kind == "conv":
        return np.ascontiguousarray(problem.y.transpose(0, 3, 1, 2))
    return np.ascontiguousarray(problem.y.reshape(problem.layer.out_channels, -1).T)


def _model(layer: Layer, operator: str, image: NDArray[Any], constants: Mapping[str, Any]) -> bytes:
    """A serialised model of one operator, whose first input is the image."""
    from onnx import TensorProto, helper, numpy_helper

    attributes: dict[str, Any] = {}
    if layer.kind == "conv":
        attributes = {
            "kernel_shape": [layer.kernel] * 2,
            "strides": [layer.stride] * 2,
            "pads": [layer.padding] * 4,
        }
    kind = TensorProto.FLOAT if image.dtype == np.float32 else TensorProto.UINT8
    node = helper.make_node(operator, ["x", *constants], ["y"], **attributes)
    graph = helper.make_graph(
        [node],
        "layer",
        [helper.make_tensor_value_info("x", kind, image.shape)],
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())
