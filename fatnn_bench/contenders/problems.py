"""What a case computes: operands, and the right answer computed another way.

Kernels of the same domains share one problem, so that all of them multiply the same numbers.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.engine.problem import problem_of
from fatnn_bench.engine.program import Program
from fatnn_bench.workload import data, oracle
from fatnn_bench.workload.layers import Layer
from fatnn_bench.workload.quantisation import bounds, quantised
from fatnn_kernels.aligned import aligned
from fatnn_kernels.product import Domain


@dataclass(frozen=True, eq=False)
class Problem:
    """Operands and the right answer of one layer in one scope.

    In scope ``kernel`` x holds values [M, K], y values [N, K], and right their products [M, N]. In scope ``layer`` x
    is a float32 image [batch, height, width, in_channels], y values [N, kernel, kernel, in_channels], and right the
    sums [batch, out_height, out_width, N]. Scope ``packed`` is the same with right the levels, from 0, that the sums
    reach. In scope ``network`` x holds the pixels of images [batch, height, width, channels], y nothing, as the program
    has the weights, and right the logits [batch, classes].
    """

    layer: Layer
    x: NDArray[Any]
    y: NDArray[Any]
    right: NDArray[Any]
    thresholds: NDArray[np.int32] | None = None  #: scope ``packed``: [levels − 1, N], the least sum of each upper level
    program: Program | None = None  #: scope ``network``


class Problems:
    """The problems of one layer, each made once."""

    def __init__(self, layer: Layer, scope: str, seed: int, pattern: data.Pattern = "random") -> None:
        self._layer, self._scope, self._seed, self._pattern = layer, scope, seed, pattern
        self._made: dict[tuple[str, ...], Any] = {}

    def of(self, x_domain: Domain, y_domain: Domain) -> Problem:
        """The problem of a kernel with these domains."""
        make = {"kernel": self._gemm, "network": self._network}.get(self._scope, self._convolution)
        return self._once((x_domain.name, y_domain.name), lambda: make(x_domain, y_domain))  # type: ignore[no-any-return]

    def _network(self, x_domain: Domain, y_domain: Domain) -> Problem:
        program, pixels, right = problem_of(self._layer, x_domain, self._seed, self._pattern)
        return Problem(self._layer, pixels, np.empty(0, np.float32), right, program=program)

    def _once(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _gemm(self, x_domain: Domain, y_domain: Domain) -> Problem:
        layer = self._layer
        x = self._drawn("x", x_domain, layer.m)
        y = self._drawn("y", y_domain, layer.n)
        return Problem(layer, x, y, oracle.expected(x, y, x_domain, y_domain))

    def _drawn(self, side: str, domain: Domain, rows: int) -> NDArray[Any]:
        name = f"{self._layer.full_name}/{side}"
        return self._once(  # type: ignore[no-any-return]
            (side, domain.name, str(rows)),
            lambda: data.draw(domain, rows, self._layer.k, self._seed, name, self._pattern),
        )

    def _convolution(self, x_domain: Domain, y_domain: Domain) -> Problem:
        layer = self._layer
        image = self._once(("image",), self._image)
        flat = self._drawn("y", y_domain, layer.n)
        weights = flat.reshape(layer.n, layer.kernel, layer.kernel, layer.in_channels)
        border = int(x_domain.border)
        sums = oracle.convolution(quantised(image, x_domain), weights, layer.stride, layer.padding, border)
        if self._scope == "layer":
            return Problem(layer, image, weights, sums)
        thresholds = _even_thresholds(sums, len(bounds(x_domain)))
        levels = (sums[..., None] >= thresholds.T).sum(axis=-1, dtype=np.int8)
        return Problem(layer, image, weights, levels, thresholds)

    def _image(self) -> NDArray[np.float32]:
        """Activations of unit variance, or all alike, as the pattern has it."""
        layer = self._layer
        image = aligned((layer.batch, layer.height, layer.width, layer.in_channels), np.float32)
        if self._pattern == "random":
            rng = np.random.default_rng([self._seed, zlib.crc32(f"{layer.full_name}/image".encode())])
            rng.standard_normal(dtype=np.float32, out=image)
        else:
            values = {"lowest": (-9.0, -9.0), "highest": (9.0, 9.0), "alternating": (-9.0, 9.0)}[self._pattern]
            image[:] = np.resize(np.asarray(values, np.float32), image.shape)
        return image


def _even_thresholds(sums: NDArray[Any], count: int) -> NDArray[np.int32]:
    """Thresholds of each channel, [count, N], that spread its sums evenly over count + 1 levels."""
    shares = np.arange(1, count + 1) / (count + 1)
    by_channel = sums.reshape(-1, sums.shape[-1])
    return np.asarray(np.quantile(by_channel, shares, axis=0, method="nearest"), np.int32)
