"""The networks that scope ``network`` runs, as programs with random weights: low-bit, or float32.

The graphs are those of He et al., CVPR 2016, in the order convolution, batch norm, skip, activation. A low-bit network
quantises the input of every convolution but the first, which multiplies 8-bit pixels with 8-bit weights, as int8
networks do; batch norm, skips and the classifier are float32. In the float32 network, batch norm is folded into the
convolutions as whoever deploys one does: what is left of it is the bias.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.engine.fold import folded
from fatnn_bench.engine.operation import INPUT, Operation
from fatnn_bench.engine.program import Program

#: A pixel is a byte, and the number byte / 256.
PIXEL_BITS = 8


@dataclass(frozen=True)
class Precision:
    """What low-bit activations and weights are."""

    x_levels: tuple[int, ...]
    w_levels: tuple[int, ...]
    border: int  #: the level outside an image
    bounds: tuple[float, ...]  #: of activations of unit variance
    relu: bool


#: Levels by kernel, as the quantizers of :mod:`fatnn_bench.accuracy` give them.
PRECISIONS = {
    "two-bit": Precision((0, 1, 2, 3), (-2, -1, 0, 1), 0, (0.3, 0.9, 1.5), relu=True),
    "ternary-fatnn": Precision((0, 1, 2), (-1, 0, 1), 0, (0.4, 1.2), relu=True),
    "binary": Precision((-1, 1), (-1, 1), 1, (0.0,), relu=False),
}


def network(name: str, precision: str | None, seed: int) -> Program:
    """Return a network of NETWORKS with random weights.

    Parameters
    ----------
    precision
        A key of PRECISIONS; None for float32.
    """
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    shape = NETWORKS[name]
    builder = _Builder(PRECISIONS[precision] if precision else None, shape.channels, rng)
    shape.build(builder)
    builder.classifier(shape.classes)
    operations = tuple(builder.operations)
    scheme = precision or "float32"
    return folded(Program(name, scheme, shape.channels, shape.size, shape.classes, PIXEL_BITS, operations))


class _Builder:
    """Appends layers; ``source`` names the result of the last, of ``channels`` channels."""

    def __init__(self, precision: Precision | None, channels: int, rng: np.random.Generator) -> None:
        self.operations: list[Operation] = []
        self.source, self.channels = INPUT, channels
        self._precision, self._rng = precision, rng

    def convolution(self, filters: int, kernel: int, stride: int = 1) -> None:
        """A convolution and its batch norm."""
        index = len(self.operations)
        shape = (filters, kernel, kernel, self.channels)
        sizes = {"stride": stride, "padding": kernel // 2}
        offset = self._rng.normal(0, 0.1, filters).astype(np.float32)
        if self._precision is None:
            deviation = np.sqrt((1 if index else 4) / np.prod(shape[1:]))
            weight = self._rng.normal(0, deviation, shape).astype(np.float32)
            self._append("input_conv", f"conv{index}", sizes, weight=weight)
            self._append("affine", f"norm{index}", factor=np.ones(filters, np.float32), offset=offset)
        else:
            self._low_bit(self._precision, f"{index}", shape, sizes, offset)
        self.channels = filters

    def _low_bit(
        self, precision: Precision, index: str, shape: Sequence[int], sizes: dict[str, Any], offset: NDArray[np.float32]
    ) -> None:
        terms = float(np.prod(shape[1:]))
        if self.source == INPUT:
            weight = self._rng.integers(-127, 128, shape, np.int8)
            self._append("pixel_conv", f"conv{index}", sizes, weight=weight)
            deviation = np.sqrt(terms) * 73 * 73  # of pixels and weights, both even
        else:
            levels = {"levels": precision.x_levels}
            self._append("quantise", f"levels{index}", levels, bounds=np.asarray(precision.bounds, np.float32))
            weight = self._rng.choice(np.asarray(precision.w_levels, np.int8), shape)
            attributes = {"x_levels": precision.x_levels, "w_levels": precision.w_levels, "border": precision.border}
            self._append("conv", f"conv{index}", sizes | attributes, weight=weight)
            deviation = np.sqrt(terms)
        scale = np.full(shape[0], 1 / deviation, np.float32)
        # batch norms may be negative; the engine turns filters round for it, which those of 2 bits cannot be
        signs = [-1, 1, 1, 1] if precision.w_levels[0] == -precision.w_levels[-1] else [1]
        factor = self._rng.choice(np.asarray(signs, np.float32), shape[0])
        self._append("scale", f"scale{index}", scale=scale)
        self._append("affine", f"norm{index}", factor=factor, offset=offset)

    def activation(self) -> None:
        """A ReLU, where the precision has one."""
        if self._precision is None or self._precision.relu:
            self._append("relu", f"relu{len(self.operations)}")

    def max_pool(self, size: int, padding: int) -> None:
        """Pooling that halves the image."""
        self._append("max_pool", "pool", {"size": size, "stride": 2, "padding": padding})

    def block(self, filters: int, stride: int) -> None:
        """Two convolutions and a skip, projected where the shape changes."""
        skip, channels = self.source, self.channels
        self.convolution(filters, 3, stride)
        self.activation()
        self.convolution(filters, 3)
        main = self.source
        if stride != 1 or channels != filters:
            self.source, self.channels = skip, channels
            self.convolution(filters, 1, stride)
            skip = self.source
        index = len(self.operations)
        self.operations.append(Operation("add", f"add{index}", (main, skip)))
        self.source = f"add{index}"
        self.activation()

    def classifier(self, classes: int) -> None:
        weight = self._rng.normal(0, self.channels**-0.5, (classes, self.channels)).astype(np.float32)
        if self.operations[-1].kind != "relu":
            self._append("relu", "relu_last")
        self._append("classifier", "classifier", weight=weight, bias=np.zeros(classes, np.float32))

    def _append(self, kind: str, name: str, attributes: dict[str, Any] | None = None, **tensors: NDArray[Any]) -> None:
        self.operations.append(Operation(kind, name, (self.source,), attributes or {}, tensors))
        self.source = name


def _small_cnn(builder: _Builder) -> None:
    builder.convolution(16, 3)
    builder.activation()
    builder.convolution(16, 3)
    builder.activation()
    builder.max_pool(2, padding=0)
    builder.convolution(32, 3)
    builder.activation()
    builder.convolution(32, 3)


def _resnet18(builder: _Builder) -> None:
    builder.convolution(64, 7, 2)
    builder.activation()
    builder.max_pool(3, padding=1)
    for filters in (64, 128, 256, 512):
        builder.block(filters, 1 if filters == 64 else 2)
        builder.block(filters, 1)


def _resnet20(builder: _Builder) -> None:
    builder.convolution(16, 3)
    builder.activation()
    for filters in (16, 32, 64):
        builder.block(filters, 1 if filters == 16 else 2)
        builder.block(filters, 1)
        builder.block(filters, 1)


@dataclass(frozen=True)
class Shape:
    """What a network takes and gives, and how it is built."""

    size: int  #: an image's height and width
    channels: int  #: of an image
    classes: int
    build: Callable[[_Builder], None]  #: all but the classifier


#: As :data:`fatnn_bench.accuracy.networks.NETWORKS`, on the images of digits, CIFAR-10 and ImageNet.
NETWORKS = {
    "small-cnn": Shape(8, 1, 10, _small_cnn),
    "resnet20": Shape(32, 3, 10, _resnet20),
    "resnet18": Shape(224, 3, 1000, _resnet18),
}
