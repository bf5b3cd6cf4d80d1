"""The suite's own kernels as contenders: a product in the scopes ``kernel``, ``layer`` and ``packed``."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.problems import Problem
from fatnn_bench.contenders.protocol import Prepared
from fatnn_bench.hotloop import codegen
from fatnn_bench.workload.layers import Layer
from fatnn_bench.workload.quantisation import bounds
from fatnn_kernels import Product, driver
from fatnn_kernels.bandwidth import ReadStream
from fatnn_kernels.convolution import Convolution
from fatnn_kernels.geometry import Geometry
from fatnn_kernels.limit import RegisterLoop, limit_tile
from fatnn_kernels.obstacle import obstacle
from fatnn_kernels.packing import beyond_max_k

#: Fewer channels than this leave most bits of a word empty; only first convolutions have so few.
_FEWEST_CHANNELS = 8


class _Own:
    """What a product is in any scope."""

    def __init__(self, product: Product) -> None:
        self.name = product.name
        self.x_domain, self.y_domain = product.x.domain, product.y.domain
        self.precision: str = product.precision
        self.way: str | None = product.way
        self._product = product

    def skip_reason(self, layer: Layer) -> str:
        """No product runs grouped convolutions, nor sums so long that their type may not hold them."""
        return layer.skip_reason or obstacle(self._product) or beyond_max_k(self._product, layer.k)


class _Limit:
    """A product on registers; and reading its operands, where every byte of them is needed."""

    def __init__(self, product: Product, layer: Layer | None = None) -> None:
        loop = RegisterLoop(limit_tile(product))
        self.macs, self.run = loop.macs, loop.run
        self._reads_all = layer is None or layer.stride <= layer.kernel  # else it passes over pixels

    def reading(self, size: int) -> ReadStream | None:
        return ReadStream(size) if self._reads_all else None


class GemmContender(_Own):
    """Packed × packed → int32 (or float32)."""

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        return _PreparedGemm(self._product, problem, threads)


class _PreparedGemm:
    tolerance = None
    stages: Mapping[str, Callable[[int], None]] = {}

    def __init__(self, product: Product, problem: Problem, threads: int) -> None:
        self._x, self._y = driver.pack_operands(product, problem.x, problem.y)
        self._c = driver.empty_result(self._x, self._y)
        self._threads = threads
        self.bytes = self._x.nbytes + self._y.nbytes + self._c.nbytes
        self.limit = _Limit(product)

    @property
    def activations(self) -> NDArray[Any]:
        return self._x.words

    @property
    def codegen(self) -> dict[str, Any]:
        return codegen.describe(self._x.tile, "kernel", self._threads)

    def run(self, loops: int) -> None:
        driver.run(self._x, self._y, self._c, threads=self._threads, loops=loops)

    def result(self) -> NDArray[Any]:
        return self._c[: self._x.count, : self._y.count]

    def spoil(self) -> None:
        self._c.fill(-1)


class LayerContender(_Own):
    """Float32 image → int32 (or float32): quantise and pack, products."""

    def skip_reason(self, layer: Layer) -> str:
        return too_few_channels(self._product, layer) or super().skip_reason(layer)

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        return _PreparedLayer(self._product, problem, threads)


class _PreparedLayer:
    tolerance = None

    def __init__(self, product: Product, problem: Problem, threads: int) -> None:
        convolution = _convolution(product, problem)
        self._convolution, self._threads, self._image = convolution, threads, problem.x
        self._packed, self._c = convolution.empty_image(), convolution.empty_result()
        self.bytes = problem.x.nbytes + convolution.weight_bytes + self._c.nbytes
        self.limit = _Limit(product, problem.layer)
        self.stages = {
            "quantise": lambda loops: convolution.quantise(self._image, self._packed, loops, threads),
            "product": lambda loops: convolution.products(self._packed, self._c, loops, threads),
        }

    @property
    def activations(self) -> NDArray[Any]:
        return self._image

    @property
    def codegen(self) -> dict[str, Any]:
        return codegen.describe(self._convolution.tile, "layer", self._threads)

    def run(self, loops: int) -> None:
        self._convolution.layer(self._image, self._packed, self._c, loops, self._threads)

    def result(self) -> NDArray[Any]:
        return self._convolution.result(self._c)

    def spoil(self) -> None:
        self._c.fill(-1)


class PackedContender(LayerContender):
    """Packed image → the next layer's packed image, by thresholds."""

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        return _PreparedFused(self._product, problem, threads)


class _PreparedFused:
    tolerance = None
    stages: Mapping[str, Callable[[int], None]] = {}

    def __init__(self, product: Product, problem: Problem, threads: int) -> None:
        assert problem.thresholds is not None
        self._code = product.x.codec
        self._convolution, self._threads, self._thresholds = _convolution(product, problem), threads, problem.thresholds
        self._packed = self._convolution.empty_image()
        self._convolution.quantise(problem.x, self._packed)
        self._out = self._convolution.empty_next_image()
        self.bytes = self._packed.nbytes + self._convolution.weight_bytes + self._out.nbytes
        self.limit = _Limit(product, problem.layer)

    @property
    def activations(self) -> NDArray[Any]:
        return self._packed

    @property
    def codegen(self) -> dict[str, Any]:
        return codegen.describe(self._convolution.tile, "packed", self._threads)

    def run(self, loops: int) -> None:
        self._convolution.fused(self._packed, self._thresholds, self._out, loops=loops, threads=self._threads)

    def result(self) -> NDArray[Any]:
        values = self._code.decode(self._out, self._convolution.geometry.out_channels)
        return np.searchsorted(self._code.levels, values)

    def spoil(self) -> None:
        self._out.fill(0xFFFFFFFF)


def too_few_channels(product: Product, layer: Layer) -> str:
    """Why nobody runs a convolution in few bits that has so few channels; empty if it has enough."""
    if not product.x.codec.levels or layer.in_channels >= _FEWEST_CHANNELS:
        return ""
    return f"first convolution of {layer.in_channels} channels: low-bit networks keep it in full precision"


def geometry_of(layer: Layer) -> Geometry:
    """The sizes of a layer as a convolution."""
    return Geometry(
        layer.batch,
        layer.height,
        layer.width,
        layer.in_channels,
        layer.out_channels,
        layer.kernel,
        layer.stride,
        layer.padding,
    )


def _convolution(product: Product, problem: Problem) -> Convolution:
    return Convolution(product, geometry_of(problem.layer), problem.y, bounds(product.x.domain))
