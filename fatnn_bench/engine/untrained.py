"""The program of a network with random weights, which cost the same as trained ones: low-bit, or float32.

A low-bit network quantises the input of every convolution but the first, which multiplies 8-bit pixels with 8-bit
weights, as int8 networks do; batch norm, skips and the classifier are float32. In the float32 network, batch norm is
folded into the convolutions as whoever deploys one does: what is left of it is the bias.
"""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.architectures.description import Description
from fatnn_bench.architectures.nodes import Node, nodes
from fatnn_bench.engine.fold import folded
from fatnn_bench.engine.operation import Operation
from fatnn_bench.engine.program import Program
from fatnn_bench.workload import precisions
from fatnn_kernels.product import BINARY_VALUES, TERNARY_VALUES, TWO_BIT_VALUES

#: A pixel is a byte, and the number byte / 256.
PIXEL_BITS = 8


@dataclass(frozen=True)
class LowBit:
    """What low-bit activations and weights are."""

    precision: str
    x_levels: tuple[int, ...]
    w_levels: tuple[int, ...]
    border: int  #: the level outside an image
    bounds: tuple[float, ...]  #: of activations of unit variance
    relu: bool


#: By the values that kernels multiply; levels are those of the quantizers of :mod:`fatnn_bench.accuracy`.
LOW_BIT = {
    TWO_BIT_VALUES: LowBit(precisions.TWO_BIT, (0, 1, 2, 3), (-2, -1, 0, 1), 0, (0.3, 0.9, 1.5), relu=True),
    TERNARY_VALUES: LowBit(precisions.TERNARY, (0, 1, 2), (-1, 0, 1), 0, (0.4, 1.2), relu=True),
    BINARY_VALUES: LowBit(precisions.BINARY, (-1, 1), (-1, 1), 1, (0.0,), relu=False),
}


def untrained(description: Description, low_bit: LowBit | None, seed: int) -> Program:
    """Return a network with random weights.

    Parameters
    ----------
    description
        The network, in the order convolution, batch norm, skip, activation, without calibration.
    low_bit
        One of :data:`LOW_BIT`; None for float32.
    seed
        Of the weights; with it, the description's name decides them.
    """
    rng = np.random.default_rng([seed, zlib.crc32(description.name.encode())])
    maker = _Maker(low_bit, rng)
    for node in nodes(description, relu=low_bit is None or low_bit.relu):
        maker.add(node)
    sizes = (description.channels, description.size, description.classes)
    operations = tuple(maker.operations)
    precision = low_bit.precision if low_bit else precisions.FLOAT32
    return folded(Program(description.name, precision, *sizes, PIXEL_BITS, operations))


class _Maker:
    """Makes each node's operations. A convolution draws its batch norm too, before and after its weights."""

    def __init__(self, low_bit: LowBit | None, rng: np.random.Generator) -> None:
        self.operations: list[Operation] = []
        self._low_bit, self._rng = low_bit, rng
        self._norm: dict[str, NDArray[np.float32]] = {}

    def add(self, node: Node) -> None:
        match node.kind:
            case "input_conv" | "conv":
                self._convolution(node)
            case "norm":
                self._append("affine", node.name, node.inputs, {}, **self._norm)
            case "max_pool":
                sizes = {"size": node.kernel, "stride": node.stride, "padding": node.padding}
                self._append("max_pool", node.name, node.inputs, sizes)
            case "classifier":
                shape = (node.channels, node.in_channels)
                weight = self._rng.normal(0, node.in_channels**-0.5, shape).astype(np.float32)
                bias = np.zeros(node.channels, np.float32)
                self._append("classifier", node.name, node.inputs, weight=weight, bias=bias)
            case _:
                self._append(node.kind, node.name, node.inputs)

    def _convolution(self, node: Node) -> None:
        filters, shape = node.channels, (node.channels, node.kernel, node.kernel, node.in_channels)
        sizes = {"stride": node.stride, "padding": node.padding}
        offset = self._rng.normal(0, 0.1, filters).astype(np.float32)
        if self._low_bit is None:
            deviation = np.sqrt((4 if node.kind == "input_conv" else 1) / np.prod(shape[1:]))
            weight = self._rng.normal(0, deviation, shape).astype(np.float32)
            self._append("input_conv", node.name, node.inputs, sizes, weight=weight)
            factor = np.ones(filters, np.float32)
        else:
            self._append_low_bit(self._low_bit, node, shape, sizes)
            # batch norms may be negative; the engine turns filters round for it, which those of 2 bits cannot be
            signs = [-1, 1, 1, 1] if self._low_bit.w_levels[0] == -self._low_bit.w_levels[-1] else [1]
            factor = self._rng.choice(np.asarray(signs, np.float32), filters)
        self._norm = {"factor": factor, "offset": offset}

    def _append_low_bit(self, low_bit: LowBit, node: Node, shape: tuple[int, ...], sizes: dict[str, Any]) -> None:
        """Sums of levels, or of pixels, and the scale that gives them unit variance."""
        sums, deviation = f"{node.name}.sums", np.sqrt(float(np.prod(shape[1:])))
        if node.kind == "input_conv":
            weight = self._rng.integers(-127, 128, shape, np.int8)
            self._append("pixel_conv", sums, node.inputs, sizes, weight=weight)
            deviation = deviation * 73 * 73  # of pixels and weights, both even
        else:
            levels, bounds = {"levels": low_bit.x_levels}, np.asarray(low_bit.bounds, np.float32)
            self._append("quantise", f"{node.name}.levels", node.inputs, levels, bounds=bounds)
            weight = self._rng.choice(np.asarray(low_bit.w_levels, np.int8), shape)
            attributes = {"x_levels": low_bit.x_levels, "w_levels": low_bit.w_levels, "border": low_bit.border}
            self._append("conv", sums, (f"{node.name}.levels",), sizes | attributes, weight=weight)
        self._append("scale", node.name, (sums,), scale=np.full(shape[0], 1 / deviation, np.float32))

    def _append(
        self,
        kind: str,
        name: str,
        inputs: tuple[str, ...],
        attributes: dict[str, Any] | None = None,
        **tensors: NDArray[Any],
    ) -> None:
        self.operations.append(Operation(kind, name, inputs, attributes or {}, tensors))
