"""The right logits, without a kernel of the suite: convolutions by BLAS in float64, in which every sum is exact."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.engine.arithmetic import apply
from fatnn_bench.engine.operation import INPUT, Operation
from fatnn_bench.engine.program import Program
from fatnn_bench.workload import oracle


def logits(program: Program, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Logits [batch, classes] of pixels [batch, height, width, channels]."""
    return np.asarray(evaluated(program, pixels)[program.operations[-1].name])


def evaluated(program: Program, pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """The result of every operation, by name."""
    values: dict[str, NDArray[Any]] = {INPUT: pixels}
    for operation in program.operations:
        inputs = [values[name] for name in operation.inputs]
        convolves = operation.kind.endswith("conv")
        result = _convolved(operation, program, inputs[0]) if convolves else apply(operation, *inputs)
        values[operation.name] = result
    return values


def _convolved(operation: Operation, program: Program, x: NDArray[Any]) -> NDArray[Any]:
    attributes, weight = operation.attributes, operation.tensors["weight"]
    if operation.inputs == (INPUT,) and operation.kind == "input_conv":
        x = x * np.float32(2.0**-program.pixel_bits)
    sums = oracle.convolution(x, weight, attributes["stride"], attributes["padding"], attributes.get("border", 0))
    return sums.astype(np.float32 if operation.kind == "input_conv" else np.int32)
