"""The layers of an ONNX graph: convolutions, and matrix products with constant weights.

A value is constant if it is an initializer, or computed from constants alone: the weights of a quantised model go
through DequantizeLinear first. https://onnx.ai/onnx/operators/ says what each operator multiplies.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fatnn_bench.architectures.models import onnx_file
from fatnn_bench.architectures.models.found import Found, Given, Kept, convolution, layer_name, together
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate
from fatnn_bench.workload.layers import Layer
from fatnn_bench.workload.window import Window

__all__ = ["load"]

#: Of an operator with weights, which inputs are multiplied; and what it is.
_CONVOLUTIONS = {"Conv": (0, 1), "ConvInteger": (0, 1), "QLinearConv": (0, 3)}
_MATRICES = {"MatMul": (0, 1), "MatMulInteger": (0, 1), "QLinearMatMul": (0, 3), "Gemm": (0, 1)}
#: What multiplies too, and is no layer here; bodies of control flow are not looked into.
_OTHERS = {
    "Attention", "ConvTranspose", "DeformConv", "Einsum", "GRU", "If", "LSTM", "Loop", "RNN", "Scan",
}  # fmt: skip
_STANDARD = ("", "ai.onnx")


def load(path: Path, network: str, given: Given) -> Found:
    """Return the layers of a file.

    Raises
    ------
    UserError
        As of :mod:`fatnn_bench.architectures.models.onnx_file`; or an operator is unknown, or a layer's shape is.
    """
    model = onnx_file.read(path)
    open_ = onnx_file.fill(model, given, path)
    _refuse_unknown(model, path)
    shapes = onnx_file.infer(model, path)
    return together(network, _Graph(model.graph, shapes, path).kept, open_)


def _refuse_unknown(model: Any, path: Path) -> None:
    import onnx

    versions = [opset.version for opset in model.opset_import if opset.domain in _STANDARD]
    version = max(versions, default=1)
    for node in model.graph.node:
        if node.domain in _STANDARD and not _is_known(node.op_type, version):
            raise UserError(
                f"{path}: {_named(node)} is a {gate.brief(node.op_type)}, which onnx {onnx.__version__} does "
                f"not know in opset {version}; upgrade onnx, or export it with another opset"
            )


def _is_known(operator: str, version: int) -> bool:
    import onnx

    try:
        onnx.defs.get_schema(operator, version, "")
    except onnx.defs.SchemaError:
        return False
    return True


def _named(node: Any) -> str:
    return f"node {gate.brief(node.name or next(iter(node.output), ''))}"


@dataclass(frozen=True)
class _Product:
    """What a node multiplies."""

    node: Any
    x: Sequence[int]
    weights: Sequence[int]
    transposed: bool  #: the weights stand on the left, so that the product is read the other way round

    def attribute(self, name: str, usual: Any) -> Any:
        import onnx

        found = [attribute for attribute in self.node.attribute if attribute.name == name]
        return onnx.helper.get_attribute_value(found[0]) if found else usual


class _Graph:
    """Goes through the nodes in their order, which is that of the computation."""

    def __init__(self, graph: Any, shapes: Mapping[str, list[int]], path: Path) -> None:
        self._shapes, self._path = shapes, path
        self._origin = {tensor.name: tensor.name for tensor in graph.initializer}  #: of a constant: its initializer
        self.kept = Kept(str(path), "nodes", len(graph.node))
        for node in graph.node:
            self._take(node)

    def _take(self, node: Any) -> None:
        inputs = [name for name in node.input if name]
        if node.op_type == "Constant" or (inputs and all(name in self._origin for name in inputs)):
            origin = next((self._origin[name] for name in inputs), "")
            self._origin |= dict.fromkeys(node.output, origin)
        elif node.domain not in _STANDARD:
            self.kept.left_out[f"of {gate.brief(node.domain)}, unknown here"] += 1
        elif node.op_type in _CONVOLUTIONS:
            self._multiply(node, _CONVOLUTIONS[node.op_type], _convolution)
        elif node.op_type in _MATRICES:
            self._multiply(node, _MATRICES[node.op_type], _gemm if node.op_type == "Gemm" else _matmul)
        elif node.op_type in _OTHERS:
            self.kept.left_out[node.op_type] += 1

    def _multiply(self, node: Any, places: tuple[int, int], layer: Callable[[_Product], dict[str, Any] | None]) -> None:
        x, weights = (node.input[place] if place < len(node.input) else "" for place in places)
        transposed = weights not in self._origin
        if transposed:
            x, weights = weights, x
        if weights not in self._origin or (transposed and layer is _convolution):
            self.kept.left_out[f"{node.op_type} of two activations"] += 1
            return
        product = _Product(node, self._shape(x, node), self._shape(weights, node), transposed)
        try:
            found = layer(product)
            if found is None:
                self.kept.left_out[f"{node.op_type} of {len(product.weights)} dimensions"] += 1
            else:
                name = layer_name(_weights_name(self._origin[weights]) or _module(node) or _scope(node) or node.op_type)
                self.kept.keep(node.op_type, Layer(name=name, **found))
        except (ValueError, TypeError, IndexError) as error:
            raise UserError(f"{self._path}: {_named(node)}: {error}; mend it, or export it again") from error

    def _shape(self, value: str, node: Any) -> list[int]:
        if value not in self._shapes:
            raise UserError(
                f"{self._path}: {_named(node)} reads {gate.brief(value)}, whose shape cannot be inferred; simplify the "
                "model first, or export it with fixed shapes"
            )
        return self._shapes[value]


def _weights_name(initializer: str) -> str:
    """The name of a layer by that of its weights; empty if an exporter made that up."""
    owner, _, last = initializer.rpartition(".")
    return owner if last.startswith("weight") else ""


def _module(node: Any) -> str:
    """The module that PyTorch says a node is of: of ``['', 'blocks.0', 'blocks.0.qkv', 'linear']`` the last but one."""
    told = next((entry.value for entry in node.metadata_props if entry.key == "pkg.torch.onnx.name_scopes"), "")
    scopes: list[str] = re.findall(r"'([^']*)'", told)
    return scopes[-2] if len(scopes) > 1 else ""


def _scope(node: Any) -> str:
    """The name of a layer by its node's: ``/layer1/layer1.0/conv1/Conv``, of module in module, is layer1.0.conv1."""
    modules: list[str] = []
    for part in node.name.strip("/").split("/"):
        if modules and part.startswith(f"{modules[-1]}."):
            modules[-1] = part
        else:
            modules.append(part)
    if len(modules) > 1 and modules[-1].startswith(node.op_type):
        del modules[-1]
    return ".".join(modules)


def _convolution(product: _Product) -> dict[str, Any] | None:
    """x [batch, channels, height, width] and weights [out, channels / groups, height, width]; or without a height."""
    sides = len(product.weights) - 2
    if sides not in (1, 2) or len(product.x) != sides + 2:
        return None
    groups = product.attribute("group", 1)
    if product.x[1] != product.weights[1] * groups:
        raise ValueError(f"it has {product.weights[1]} channels in {groups} groups, and its image has {product.x[1]}")
    flat = [1] * (2 - sides)  # of one side is an image of one row
    height, width = (*flat, *product.x[2:])
    kernel, stride, dilation = (
        (*flat, *product.weights[2:]),
        (*flat, *product.attribute("strides", [1] * sides)),
        (*flat, *product.attribute("dilations", [1] * sides)),
    )
    pads = product.attribute("pads", [0] * 2 * sides)
    if sides == 1:
        pads = [0, pads[0], 0, pads[1]]
    top, left, bottom, right = pads
    window = Window(_pair(kernel), _pair(stride), (top, left, bottom, right), _pair(dilation))
    window = _automatic(window, (height, width), product.attribute("auto_pad", b"NOTSET"))
    return convolution(product.x, product.weights, (height, width), groups, window)


def _pair(sides: Sequence[int]) -> tuple[int, int]:
    height, width = sides
    return height, width


def _automatic(window: Window, image: tuple[int, int], kind: bytes) -> Window:
    """The window with the padding that ``auto_pad`` asks for: SAME_* has ⌈size / stride⌉ outputs a side."""
    if kind == b"NOTSET":
        return window
    if kind == b"VALID":
        return window._replace(padding=(0, 0, 0, 0))
    sides = zip(image, window.reach, window.stride, strict=True)
    missing = [max((-(-size // stride) - 1) * stride + reach - size, 0) for size, reach, stride in sides]
    less, more = [size // 2 for size in missing], [size - size // 2 for size in missing]
    before, after = (less, more) if kind == b"SAME_UPPER" else (more, less)
    return window._replace(padding=(before[0], before[1], after[0], after[1]))


def _gemm(product: _Product) -> dict[str, Any]:
    """A · B, each transposed or not; the layer's weights are whichever is constant."""
    sides = {"A": product.weights, "B": product.x} if product.transposed else {"A": product.x, "B": product.weights}
    (m, k), (depth, n) = (
        reversed(shape) if product.attribute(f"trans{name}", 0) else shape for name, shape in sides.items()
    )
    if k != depth:
        raise ValueError(f"it multiplies rows of {k} numbers by columns of {depth}")
    if product.transposed:
        m, n = n, m
    return {"kind": "linear", "batch": m, "in_channels": k, "out_channels": n}


def _matmul(product: _Product) -> dict[str, Any]:
    """x [… M, K] times weights [… K, N]; several matrices of weights are as many layers."""
    x, weights = list(product.x), list(product.weights)
    if product.transposed:  # (W x)ᵀ = xᵀ Wᵀ
        x[-2:], weights[-2:] = x[-2:][::-1], weights[-2:][::-1]
    x, weights = [1] * (2 - len(x)) + x, weights + [1] * (2 - len(weights))
    if x[-1] != weights[-2]:
        raise ValueError(f"it multiplies rows of {x[-1]} numbers by columns of {weights[-2]}")
    count = math.prod(weights[:-2])
    products = math.prod(np.broadcast_shapes(tuple(x[:-2]), tuple(weights[:-2])))
    return {
        "kind": "linear",
        "batch": products // count * x[-2],
        "in_channels": weights[-2],
        "out_channels": weights[-1],
        "count": count,
    }
