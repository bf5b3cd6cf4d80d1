"""From a trained network to the engine's program: quantised weights as integers, all else as float32 operations.

What is written down is what the layers compute in evaluation mode, operation by operation; then
:mod:`fatnn_bench.engine.fold` replaces what lies between two convolutions by integer thresholds.
"""

from functools import singledispatch
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fatnn_bench.accuracy.bounds import level_bounds
from fatnn_bench.accuracy.graph import Graph, Node
from fatnn_bench.accuracy.layers import (
    Add,
    BatchNorm,
    Classifier,
    InputConvolution,
    QuantisedConvolution,
    combined_scale,
)
from fatnn_bench.accuracy.networks import Architecture
from fatnn_bench.engine.encoding import encoding
from fatnn_bench.engine.fold import folded
from fatnn_bench.engine.operation import Operation
from fatnn_bench.engine.program import Program
from fatnn_bench.errors import UserError


def exported(architecture: Architecture, graph: Graph) -> Program:
    """Return the program of a trained network, with its thresholds folded.

    Raises
    ------
    UserError
        If a layer cannot be exported; the message names it.
    """
    try:
        return folded(lowered(architecture, graph))
    except ValueError as error:
        raise UserError(f"the network cannot be exported: {error}; train it anew") from error


@torch.no_grad()
def lowered(architecture: Architecture, graph: Graph) -> Program:
    """Return the program before folding: an operation for each that the layers do. Errors as in :func:`exported`."""
    graph.eval()
    operations: list[Operation] = []
    for node in graph.nodes:
        operations += _operations(graph.layers[node.name], node)
    return Program(
        name=architecture.network,
        scheme=architecture.scheme,
        channels=architecture.channels,
        size=architecture.size,
        classes=architecture.classes,
        pixel_bits=architecture.pixel_bits,
        operations=tuple(operations),
    )


@singledispatch
def _operations(layer: nn.Module, node: Node) -> list[Operation]:
    raise UserError(f"layer {node.name} cannot be exported: the engine has no {type(layer).__name__}")


@_operations.register
def _(layer: InputConvolution, node: Node) -> list[Operation]:
    attributes = {"stride": int(layer.stride[0]), "padding": int(layer.padding[0])}
    weight = _array(layer.exact_weight().permute(0, 2, 3, 1))
    return [Operation("input_conv", node.name, node.inputs, attributes, {"weight": weight})]


@_operations.register
def _(layer: QuantisedConvolution, node: Node) -> list[Operation]:
    x_levels, w_levels = layer.quantise_input.levels, layer.quantise_weight.levels
    for what, quantizer in (("activations", layer.quantise_input), ("weights", layer.quantise_weight)):
        if quantizer.levels is None:
            raise UserError(
                f"layer {node.name} cannot be exported: its {what} are no integers after {type(quantizer).__name__}, "
                "and the engine multiplies integers; export a network with both quantised, such as fatnn"
            )
    assert x_levels is not None  # as the loop has found
    assert w_levels is not None
    try:
        encoding(x_levels, w_levels)
        bounds = level_bounds(layer.quantise_input)
    except ValueError as error:
        raise UserError(f"layer {node.name} cannot be exported: {error}") from error
    levels, w_scale = layer.quantise_weight(layer.weight)
    border, x_scale = layer.quantise_input(torch.zeros(1, 1, 1, 1))
    scale = combined_scale(x_scale, w_scale).flatten()
    attributes = {
        "stride": layer.stride,
        "padding": layer.padding,
        "x_levels": x_levels,
        "w_levels": w_levels,
        "border": int(border),
    }
    quantised, sums = f"{node.name}.levels", f"{node.name}.sums"
    weight = _array(levels.permute(0, 2, 3, 1)).astype(np.int8)
    return [
        Operation("quantise", quantised, node.inputs, {"levels": x_levels}, {"bounds": bounds}),
        Operation("conv", sums, (quantised,), attributes, {"weight": weight}),
        Operation("scale", node.name, (sums,), {}, {"scale": _array(scale)}),
    ]


@_operations.register
def _(layer: BatchNorm, node: Node) -> list[Operation]:
    factor, offset = layer.factors()
    if not (factor.isfinite().all() and offset.isfinite().all()):
        raise UserError(f"layer {node.name} cannot be exported: its batch norm is not finite; train the network anew")
    return [Operation("affine", node.name, node.inputs, {}, {"factor": _array(factor), "offset": _array(offset)})]


@_operations.register
def _(layer: nn.ReLU, node: Node) -> list[Operation]:
    return [Operation("relu", node.name, node.inputs)]


@_operations.register
def _(layer: Add, node: Node) -> list[Operation]:
    return [Operation("add", node.name, node.inputs)]


@_operations.register
def _(layer: nn.MaxPool2d, node: Node) -> list[Operation]:
    attributes = {"size": layer.kernel_size, "stride": layer.stride, "padding": layer.padding}
    return [Operation("max_pool", node.name, node.inputs, attributes)]


@_operations.register
def _(layer: Classifier, node: Node) -> list[Operation]:
    tensors = {"weight": _array(layer.linear.weight), "bias": _array(layer.linear.bias)}
    return [Operation("classifier", node.name, node.inputs, {}, tensors)]


def _array(tensor: Tensor) -> NDArray[Any]:
    return np.ascontiguousarray(tensor.detach().numpy())
