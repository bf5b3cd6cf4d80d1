"""What each operation of a network gives, known before it runs: what it holds, its shape and how large it can get.

A network comes from a file, and both programs that run it rely on what it says: one has its memory made beforehand.
So all that a network may hold is checked here: shapes, types, finite numbers, levels that a kernel multiplies, sums
that fit int32 and numbers that fit float32 whatever the image is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.engine.encoding import encoding
from fatnn_bench.engine.operation import INPUT, Operation
from fatnn_bench.engine.planes import MAX_WEIGHTS

#: A pixel is a byte.
MAX_PIXEL = 255
#: The most numbers in a result of one image, 64 MiB of float32: five times those of ResNet-50 on 448×448 pixels.
MAX_NUMBERS = 2**24
#: The most numbers in all windows of one image of a convolution: those of VGG-16's second one.
MAX_WINDOWS = 2**25
#: What sums stay below, whatever is added to them on the way.
MAX_SUM = 2**30
#: What numbers stay below: float32's largest, less what rounding may add.
MAX_FLOAT = 3e38

Holds = Literal["floats", "sums", "levels", "logits"]


@dataclass(frozen=True)
class Result:
    """What an operation gives for one image."""

    holds: Holds
    height: int
    width: int
    channels: int
    largest: float  #: no number in it is larger in size
    levels: tuple[int, ...] = ()  #: the values of ``levels``

    @property
    def shape(self) -> tuple[int, int, int]:
        """[height, width, channels]"""
        return self.height, self.width, self.channels


def results(operations: Iterable[Operation], image: Result) -> dict[str, Result]:
    """Return each operation's result by its name, and the image as INPUT.

    Raises
    ------
    ValueError
        An operation that cannot run on what it reads; the message names it.
    """
    found = {INPUT: image}
    for operation in operations:
        for name in operation.inputs:
            if name not in found:
                raise ValueError(f"operation {operation.name} reads {name!r}, which no earlier operation makes")
        if operation.name in found:
            raise ValueError(f"two operations are named {operation.name!r}")
        found[operation.name] = _limited(
            operation, _RULES[operation.kind](operation, *map(found.get, operation.inputs))
        )
    return found


def whole_number(what: str, value: Any, low: int, high: int) -> int:
    """Return a number that has to be an integer from low to high. Raises ValueError if it is none."""
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{what} is {value!r}, expected a whole number from {low} to {high}")
    return value


def _limited(operation: Operation, result: Result) -> Result:
    numbers = result.height * result.width * result.channels
    if numbers > MAX_NUMBERS:
        raise _refusal(operation, f"its result has {numbers} numbers an image, expected at most {MAX_NUMBERS}")
    limit = MAX_SUM if result.holds == "sums" else MAX_FLOAT
    if not result.largest < limit:
        raise _refusal(operation, f"its {result.holds} may reach {result.largest:.3g}, expected less than {limit:.3g}")
    return result


def _input_conv(operation: Operation, source: Result) -> Result:
    _expect(operation, source, "floats")
    return _convolved(operation, source, "floats", np.float32, source.largest)


def _pixel_conv(operation: Operation, source: Result) -> Result:
    if operation.inputs != (INPUT,):
        raise _refusal(operation, f"it reads {operation.inputs[0]!r}, expected the pixels of {INPUT!r}")
    return _convolved(operation, source, "sums", np.int8, MAX_PIXEL)


def _conv(operation: Operation, source: Result) -> Result:
    attributes = operation.attributes
    levels, w_levels = _levels(operation, "x_levels"), _levels(operation, "w_levels")
    _expect(operation, source, "levels")
    if source.levels != levels:
        raise _refusal(operation, f"it reads levels {source.levels}, expected its x_levels {levels}")
    if type(attributes["border"]) is not int or attributes["border"] not in levels:
        raise _refusal(operation, f"its border is {attributes['border']!r}, expected one of {levels}")
    try:
        encoding(levels, w_levels)
    except ValueError as error:
        raise _refusal(operation, str(error)) from error
    result = _convolved(operation, source, "sums", np.int8, source.largest)
    if not np.isin(operation.tensors["weight"], w_levels).all():
        raise _refusal(operation, f"its weights have other values than its w_levels {w_levels}")
    return result


def _convolved(operation: Operation, source: Result, holds: Holds, dtype: Any, largest: float) -> Result:
    """The result of a convolution whose input's numbers are at most ``largest``."""
    weight = operation.tensors["weight"]
    if weight.ndim != 4 or weight.shape[1] != weight.shape[2] or weight.size > MAX_WEIGHTS or not weight.size:
        raise _refusal(operation, f"its weights have shape {weight.shape}, expected [filters, side, side, channels]")
    filters, kernel = weight.shape[:2]
    _tensor(operation, "weight", dtype, (filters, kernel, kernel, source.channels))
    height, width = _windows(operation, source, kernel, kernel - 1)
    if height * width * weight[0].size > MAX_WINDOWS:
        numbers = height * width * weight[0].size
        raise _refusal(operation, f"its windows have {numbers} numbers an image, expected at most {MAX_WINDOWS}")
    sums = np.abs(weight.reshape(filters, -1).astype(np.float64)).sum(axis=1)
    return Result(holds, height, width, filters, float(sums.max()) * largest)


def _scale(operation: Operation, source: Result) -> Result:
    _expect(operation, source, "sums")
    scale = operation.tensors["scale"]
    _tensor(operation, "scale", np.float32, (1,) if scale.shape == (1,) else (source.channels,))
    return replace(source, holds="floats", largest=source.largest * _size(scale))


def _affine(operation: Operation, source: Result) -> Result:
    _expect(operation, source, "floats")
    factor, offset = (_tensor(operation, name, np.float32, (source.channels,)) for name in ("factor", "offset"))
    return replace(source, largest=source.largest * _size(factor) + _size(offset))


def _relu(operation: Operation, source: Result) -> Result:
    _expect(operation, source, "floats")
    return source


def _add(operation: Operation, source: Result, other: Result) -> Result:
    _expect(operation, source, "floats")
    _expect(operation, other, "floats")
    if source.shape != other.shape:
        raise _refusal(operation, f"it adds images of shapes {source.shape} and {other.shape}, expected equal ones")
    return replace(source, largest=source.largest + other.largest)


def _max_pool(operation: Operation, source: Result) -> Result:
    _expect(operation, source, "floats", "levels")
    size = _whole(operation, "size", 1, max(source.height, source.width) * 2)
    height, width = _windows(operation, source, size, size // 2)  # each window holds a pixel
    return replace(source, height=height, width=width)


def _quantise(operation: Operation, source: Result) -> Result:
    _expect(operation, source, "floats")
    levels = _levels(operation, "levels")
    _ascending(operation, _tensor(operation, "bounds", np.float32, (len(levels) - 1,)), "bounds")
    return replace(source, holds="levels", levels=levels, largest=float(max(map(abs, levels))))


def _threshold(operation: Operation, source: Result) -> Result:
    _expect(operation, source, "sums")
    levels = _levels(operation, "levels")
    _ascending(operation, _tensor(operation, "thresholds", np.int32, (len(levels) - 1, source.channels)), "thresholds")
    if not np.isin(_tensor(operation, "sign", np.int8, (source.channels,)), (-1, 1)).all():
        raise _refusal(operation, "its sign has other values than -1 and 1")
    return replace(source, holds="levels", levels=levels, largest=float(max(map(abs, levels))))


def _classifier(operation: Operation, source: Result) -> Result:
    _expect(operation, source, "floats")
    classes = len(operation.tensors["bias"]) if operation.tensors["bias"].ndim == 1 else 0
    weight = _tensor(operation, "weight", np.float32, (classes, source.channels))
    bias = _tensor(operation, "bias", np.float32, (classes,))
    sums = np.abs(weight.astype(np.float64)).sum(axis=1).max(initial=0)
    return Result("logits", 1, 1, classes, source.largest * float(sums) + _size(bias))


_RULES: dict[str, Callable[..., Result]] = {
    "input_conv": _input_conv,
    "pixel_conv": _pixel_conv,
    "conv": _conv,
    "scale": _scale,
    "affine": _affine,
    "relu": _relu,
    "add": _add,
    "max_pool": _max_pool,
    "quantise": _quantise,
    "threshold": _threshold,
    "classifier": _classifier,
}


def _refusal(operation: Operation, sentence: str) -> ValueError:
    return ValueError(f"operation {operation.name}: {sentence}")


def _expect(operation: Operation, source: Result, *holds: Holds) -> None:
    if source.holds not in holds:
        raise _refusal(operation, f"a {operation.kind} reads {source.holds}, expected {' or '.join(holds)}")


def _whole(operation: Operation, name: str, low: int, high: int) -> int:
    return whole_number(f"operation {operation.name}: its {name}", operation.attributes[name], low, high)


def _windows(operation: Operation, source: Result, size: int, most_padding: int) -> tuple[int, int]:
    """Height and width of what a window of ``size`` gives."""
    padding = _whole(operation, "padding", 0, most_padding)
    stride = _whole(operation, "stride", 1, MAX_NUMBERS)
    if min(source.height, source.width) + 2 * padding < size:
        raise _refusal(operation, f"its window of {size} is larger than the padded image of {source.shape[:2]}")
    height, width = ((side + 2 * padding - size) // stride + 1 for side in (source.height, source.width))
    return height, width


def _tensor(operation: Operation, name: str, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """A tensor of the operation, of this type and shape, finite."""
    tensor = operation.tensors[name]
    if tensor.dtype != dtype or tensor.shape != shape:
        found = f"{tensor.dtype} of shape {tensor.shape}"
        raise _refusal(operation, f"its {name} is {found}, expected {np.dtype(dtype)} of shape {shape}")
    if not np.isfinite(tensor).all():
        raise _refusal(operation, f"its {name} is not finite")
    return tensor


def _levels(operation: Operation, name: str) -> tuple[int, ...]:
    """Ascending integers of eight bits."""
    levels = operation.attributes[name]
    fits = isinstance(levels, tuple) and 2 <= len(levels) <= 16 and all(type(level) is int for level in levels)
    if not fits or min(levels) < -128 or max(levels) > 127 or sorted(set(levels)) != list(levels):
        raise _refusal(operation, f"its {name} are {levels!r}, expected 2 to 16 ascending integers from -128 to 127")
    return tuple(levels)


def _ascending(operation: Operation, tensor: NDArray[Any], name: str) -> None:
    if (tensor[1:] < tensor[:-1]).any():
        raise _refusal(operation, f"its {name} do not ascend")


def _size(tensor: NDArray[Any]) -> float:
    """The largest number's size."""
    return float(np.abs(tensor.astype(np.float64)).max(initial=0))
