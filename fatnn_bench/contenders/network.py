"""The suite's own networks as contenders: a precision in scope ``network``."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.architectures.layers import layers
from fatnn_bench.contenders.problems import Problem
from fatnn_bench.contenders.protocol import Limit, Prepared
from fatnn_bench.engine.compiled import CompiledNetwork
from fatnn_bench.workload.layers import Layer
from fatnn_kernels import INT8, Product
from fatnn_kernels.obstacle import obstacle
from fatnn_kernels.packing import COLUMNS_OF_PIXELS
from fatnn_kernels.product import Way
from fatnn_kernels.target import current_target


class NetworkContender:
    """Bytes of an image → logits, by the engine."""

    def __init__(self, product: Product) -> None:
        self.name, self._product = product.name, product
        self.x_domain, self.y_domain = product.x.domain, product.y.domain
        self.precision: str = product.precision
        self.way: str | None = product.way

    def skip_reason(self, layer: Layer) -> str:
        """Every network of this scope runs, where the machine has what the kernel takes; look-ups in whole tiles."""
        if lacks := obstacle(self._product):
            return lacks
        odd = [channels for channels in _channels(layer) if channels % COLUMNS_OF_PIXELS]
        if odd and self._product.way == "lookup":
            return f"a layer has {odd[0]} channels; look-ups write {COLUMNS_OF_PIXELS} at once"
        return ""

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        return _PreparedNetwork(self._product, problem, threads)


def _channels(layer: Layer) -> list[int]:
    """Output channels of the convolutions of a layer that stands for a network."""
    assert layer.network is not None
    return [one.out_channels for one in layers(DESCRIPTIONS[layer.network]) if one.kind == "conv"]


def _way(product: Product) -> Way:
    """Of the convolutions of levels; a float32 network has none."""
    return "lookup" if product.way == "lookup" else "popcount"


class _PreparedNetwork:
    limit: Limit | None = None

    def __init__(self, product: Product, problem: Problem, threads: int) -> None:
        assert problem.program is not None
        self._network = CompiledNetwork(problem.program, problem.layer.batch, threads, _way(product))
        self._network.pixels[...] = problem.x
        self.bytes = problem.x.nbytes + int(problem.program.weight_bytes) + problem.right.nbytes
        # only the classifier's sums, in float64 in both, may be taken in another order
        self.tolerance = 1e-6 * float(np.abs(problem.right).max())
        self.codegen: dict[str, Any] = {
            "first_convolution": INT8.name,
            "popcount": current_target().popcount_instruction,
            "vector_bits": 32 * current_target().lanes,
        }
        self.stages: Mapping[str, Callable[[int], None]] = {
            kind: partial(self._network.run, kind=kind) for kind in self._network.kinds
        }

    def run(self, loops: int) -> None:
        self._network.run(loops)

    def result(self) -> NDArray[Any]:
        return self._network.logits

    def spoil(self) -> None:
        self._network.logits.fill(-1)
