"""The float32 network as other libraries take it: convolutions with a bias, activations, sums, pooling."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.engine.operation import Operation
from fatnn_bench.engine.program import Program


@dataclass(frozen=True, eq=False)
class FloatLayer:
    """A layer; its kinds are ``conv``, ``relu``, ``add``, ``max_pool`` and ``classifier``."""

    kind: str
    name: str  #: of its result
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    weight: NDArray[np.float32] | None = None  #: [out, in, kernel, kernel] of a conv, [classes, channels]
    bias: NDArray[np.float32] | None = None


def float_layers(program: Program) -> list[FloatLayer]:
    """The layers of a float32 program, whose every ``affine`` stands behind a convolution and only adds."""
    return list(_layers(iter(program.operations)))


def _layers(operations: Iterator[Operation]) -> Iterator[FloatLayer]:
    for operation in operations:
        tensors = operation.tensors
        if operation.kind == "input_conv":
            affine = next(operations)
            weight = np.ascontiguousarray(tensors["weight"].transpose(0, 3, 1, 2))
            bias = affine.tensors["offset"]
            yield FloatLayer("conv", affine.name, operation.inputs, operation.attributes, weight, bias)
        else:
            parameters = (tensors.get("weight"), tensors.get("bias"))
            yield FloatLayer(operation.kind, operation.name, operation.inputs, operation.attributes, *parameters)
