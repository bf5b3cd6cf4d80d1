"""What the operations between convolutions do, in NumPy. float32 in, float32 out: one rounding an operation."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from fatnn_bench.engine.convolution import padded
from fatnn_bench.engine.operation import Operation


def apply(operation: Operation, *inputs: Any) -> Any:
    """Run any operation but a convolution."""
    x, tensors, attributes = inputs[0], operation.tensors, operation.attributes
    match operation.kind:
        case "scale":
            return x.astype(np.float32) * tensors["scale"]
        case "affine":
            return x * tensors["factor"] + tensors["offset"]
        case "relu":
            return np.maximum(x, np.float32(0))
        case "add":
            return x + inputs[1]
        case "max_pool":
            return _max_pool(x, attributes["size"], attributes["stride"], attributes["padding"])
        case "quantise":
            return _levels(attributes["levels"], [x >= bound for bound in tensors["bounds"]])
        case "threshold":
            signed = x * tensors["sign"]
            return _levels(attributes["levels"], [signed >= limit for limit in tensors["thresholds"]])
        case "classifier":
            mean = x.astype(np.float64).mean(axis=(1, 2))
            logits = mean @ tensors["weight"].T.astype(np.float64) + tensors["bias"]
            return logits.astype(np.float32)
    raise ValueError(f"operation {operation.name}: {operation.kind} is no operation on values")


def _levels(levels: tuple[int, ...], reached: list[NDArray[np.bool_]]) -> NDArray[np.int8]:
    """The level that the number of bounds reached stands for."""
    steps = np.diff(np.asarray(levels, np.int8))
    result = np.full(reached[0].shape, levels[0], np.int8)
    for step, mask in zip(steps, reached, strict=True):
        result += step * mask
    return result


def _max_pool(x: NDArray[Any], size: int, stride: int, padding: int) -> NDArray[Any]:
    lowest = x.min()  # a border of it never exceeds what a window holds
    windows = sliding_window_view(padded(x, padding, lowest), (size, size), axis=(1, 2))[:, ::stride, ::stride]
    result: NDArray[Any] = windows.max(axis=(-2, -1))
    return result
