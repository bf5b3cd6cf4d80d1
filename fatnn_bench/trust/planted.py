"""FATNN's product with slow-downs that are really there: more rows are multiplied than are asked for.

``python -m fatnn_bench.trust.planted`` prints the layers as M, N and K, a list in JSON:
:func:`fatnn_bench.launch.probe.ask`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.problems import Problem
from fatnn_bench.contenders.products import GemmContender
from fatnn_bench.contenders.protocol import Contender, Limit, Prepared
from fatnn_bench.workload.layers import Layer, bare_gemm
from fatnn_kernels import PRODUCTS, TERNARY_FATNN
from fatnn_kernels.shapes import tile_shape
from fatnn_kernels.target import current_target

#: Row tiles of every layer, so that one more is one per cent.
_ROW_TILES = 100
#: Columns and depths of the layers: products of 0.03 to 0.3 ms at 500 GMAC/s.
_COLUMNS, _DEPTHS = (64, 128, 192), (288, 1152)
#: Per cent of work added.
SLOWDOWNS = (3, 10)
FLOAT32 = "float32"


class Planted(GemmContender):
    """FATNN's product of all rows, and of some per cent of them once more."""

    def __init__(self, percent: int) -> None:
        super().__init__(TERNARY_FATNN)
        self.name = name(percent)
        self._percent = percent

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        rows = len(problem.x)
        again = problem.x[: rows * self._percent // 100]
        more = replace(problem, x=np.concatenate([problem.x, again]))
        return _FirstRows(super().prepare(more, threads), rows)


class _FirstRows:
    """A prepared product of which only the first rows were asked for."""

    tolerance = None
    limit: Limit | None = None
    stages: Mapping[str, Callable[[int], None]] = {}

    def __init__(self, whole: Prepared, rows: int) -> None:
        self._whole, self._rows = whole, rows
        self.bytes = whole.bytes

    @property
    def codegen(self) -> dict[str, Any]:
        return self._whole.codegen

    def run(self, loops: int) -> float | None:
        return self._whole.run(loops)

    def result(self) -> NDArray[Any]:
        return self._whole.result()[: self._rows]

    def spoil(self) -> None:
        self._whole.spoil()


def name(percent: int) -> str:
    """Return the name of the kernel that does so much more work."""
    return f"planted-{percent}"


def contenders(scope: str) -> dict[str, Contender]:
    """Return FATNN's product without, and with small and larger slow-downs, and float32."""
    own: dict[str, Contender] = {FLOAT32: GemmContender(PRODUCTS[FLOAT32])}
    return own | {name(percent): Planted(percent) for percent in (0, *SLOWDOWNS)}


def layers() -> list[Layer]:
    """Return six GEMMs whose rows are a hundred tiles of this process's target."""
    target = current_target()
    return [
        bare_gemm(_ROW_TILES * tile_shape(TERNARY_FATNN, target, TERNARY_FATNN.steps(k)).rows, n, k)
        for n in _COLUMNS
        for k in _DEPTHS
    ]


#: What is measured on every layer.
KERNELS = (FLOAT32, *(name(percent) for percent in (0, *SLOWDOWNS)))

if __name__ == "__main__":
    print(json.dumps([(layer.m, layer.n, layer.k) for layer in layers()]))
