"""``onnxruntime.2bit``, ``.4bit``, ``.8bit`` and ``.2bit-lut``: onnxruntime's MatMulNBits, activations in 8 bits.

It is asked for ``accuracy_level`` 4, products of 8-bit activations. Where a version has none for a width of weights, it
multiplies float32 instead, silently; such versions are skipped. With tables, it adds up entries of 8 bits, each of four
activations.
"""

import importlib.metadata
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.baselines.onnx_session import BoundSession
from fatnn_bench.contenders.engines import linear, rounding
from fatnn_bench.contenders.problems import Problem
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.product import FLOAT32_VALUES, TERNARY_VALUES

#: Weights, and activations beside them, that share a scale.
_BLOCK = 128
_INT8_ACTIVATIONS = 4
#: What the tables want, else onnxruntime leaves them out without a word.
_TABLE_COLUMNS, _TABLE_WEIGHTS = 128, 32


@dataclass(frozen=True)
class _Format:
    bits: int
    since: tuple[int, int]  #: the first version of onnxruntime that has it
    table: bool = False


class MatMulNBits:
    """float32 [M, K] × packed weights [K, N] → float32 [M, N]."""

    way: str | None = None
    x_domain = FLOAT32_VALUES
    y_domain = TERNARY_VALUES

    def __init__(self, name: str, precision: str, form: _Format) -> None:
        self.name, self.precision, self._format = name, precision, form

    def skip_reason(self, layer: Layer) -> str:
        if reason := linear.obstacle(layer):
            return reason
        if not (importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnx")):
            return "onnxruntime or onnx is not installed: pip install 'fatnn-bench[engines]'"
        version = importlib.metadata.version("onnxruntime")
        if tuple(map(int, version.split(".")[:2])) < self._format.since:
            first, bits = ".".join(map(str, self._format.since)), self._format.bits
            return f"onnxruntime {version} has no such products for weights of {bits} bits: {first} is the first"
        if self._format.table and (layer.n % _TABLE_COLUMNS or layer.k % _TABLE_WEIGHTS):
            return (
                f"N = {layer.n}, K = {layer.k}: onnxruntime has tables where N is a multiple of {_TABLE_COLUMNS} and "
                f"K of {_TABLE_WEIGHTS}"
            )
        return ""

    def prepare(self, problem: Problem, threads: int) -> "_Prepared":
        return _Prepared(problem, threads, self._format)


class _Prepared:
    stages: Mapping[str, Callable[[int], None]] = {}
    limit = None

    def __init__(self, problem: Problem, threads: int, form: _Format) -> None:
        x, packed = linear.activations(problem), _packed(linear.weights(problem), form.bits)
        entries = {"mlas.use_lut_gemm": "1"} if form.table else {}
        model, shape = _model(problem.layer, packed, form.bits), (problem.layer.m, problem.layer.n)
        self._session = BoundSession(model, threads, x, shape, np.float32, entries)
        self.run, self.spoil = self._session.run, self._session.spoil
        self.activations = x
        self.bytes = x.nbytes + packed.nbytes + 4 * packed.shape[0] * packed.shape[1] + 4 * problem.right.size
        self.tolerance = rounding.of_tables(x) if form.table else rounding.of_int8(x, _BLOCK)
        self.codegen: dict[str, Any] = {
            "library": self._session.library,
            "operator": f"MatMulNBits, {form.bits} bits, blocks of {_BLOCK}",
            "threads": threads,
            "tolerance": self.tolerance,
            "activations": "tables of int8, a step a group of 64"
            if form.table
            else f"int8, a step a group of {_BLOCK}",
        }

    def result(self) -> NDArray[Any]:
        return linear.as_image(self._session.result())


LAYERS = (
    MatMulNBits("onnxruntime.8bit", "int8", _Format(8, since=(1, 22))),
    MatMulNBits("onnxruntime.4bit", "four-bit-int8", _Format(4, since=(1, 20))),
    MatMulNBits("onnxruntime.2bit", "two-bit-int8", _Format(2, since=(1, 28))),
    MatMulNBits("onnxruntime.2bit-lut", "two-bit-int8", _Format(2, since=(1, 24), table=True)),
)


def _packed(weights: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Weights [N, K] as bytes [N, blocks, bytes of a block], the first in the lowest bits; 2^(bits − 1) is 0."""
    n, k = weights.shape
    blocks, zero = -(-k // _BLOCK), 1 << (bits - 1)
    codes = np.full((n, blocks * _BLOCK), zero, np.uint8)
    codes[:, :k] += weights.astype(np.uint8)  # −1 is 255, which takes 1 away
    by_place = codes.reshape(n, blocks, -1, 8 // bits) << np.arange(0, 8, bits, dtype=np.uint8)
    return np.asarray(np.bitwise_or.reduce(by_place, axis=-1))


def _model(layer: Layer, packed: NDArray[np.uint8], bits: int) -> bytes:
    """A serialised model of one MatMulNBits, from ``x`` to ``y``; every scale is 1."""
    from onnx import TensorProto, helper, numpy_helper

    scales = np.ones(packed.shape[0] * packed.shape[1], np.float32)
    sizes = {"K": layer.k, "N": layer.n, "bits": bits, "block_size": _BLOCK, "accuracy_level": _INT8_ACTIVATIONS}
    graph = helper.make_graph(
        [helper.make_node("MatMulNBits", ["x", "weights", "scales"], ["y"], domain="com.microsoft", **sizes)],
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (layer.m, layer.k))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (layer.m, layer.n))],
        [numpy_helper.from_array(packed, "weights"), numpy_helper.from_array(scales, "scales")],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())
