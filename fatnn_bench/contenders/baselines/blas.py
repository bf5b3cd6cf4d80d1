"""``blas.float32``: the float32 GEMM of the BLAS that NumPy was built with."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from fatnn_bench.contenders.problems import Problem
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.product import FLOAT32_VALUES


class BlasFloat32:
    """``numpy.matmul`` in float32, with the threads of its BLAS pinned."""

    name = "blas.float32"
    precision = "float32"
    way: str | None = None
    x_domain = FLOAT32_VALUES
    y_domain = FLOAT32_VALUES

    def skip_reason(self, layer: Layer) -> str:
        return layer.skip_reason

    def prepare(self, problem: Problem, threads: int) -> "_PreparedBlas":
        return _PreparedBlas(problem, threads)


class _PreparedBlas:
    tolerance = None
    stages: Mapping[str, Callable[[int], None]] = {}
    limit = None

    def __init__(self, problem: Problem, threads: int) -> None:
        x, y = problem.x, problem.y
        self._x, self._y = x.astype(np.float32), np.asfortranarray(y.astype(np.float32).T)
        self._c = np.empty((len(x), len(y)), np.float32)
        self.bytes = self._x.nbytes + self._y.nbytes + self._c.nbytes
        threadpool_limits(threads, user_api="blas")
        library = _of_numpy()
        self.codegen: dict[str, Any] = {
            "library": f"{library.get('internal_api', 'BLAS')} {library.get('version', '')}".strip(),
            "architecture": library.get("architecture"),
            "threads": library.get("num_threads"),
        }

    def run(self, loops: int) -> None:
        for _ in range(loops):
            np.matmul(self._x, self._y, out=self._c)

    def result(self) -> NDArray[Any]:
        return self._c

    def spoil(self) -> None:
        self._c.fill(-1)


def _of_numpy() -> dict[str, Any]:
    """What threadpoolctl tells of NumPy's BLAS: SciPy may have brought one of its own, and their order is chance."""
    found = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return min(found, key=lambda pool: "numpy" not in str(pool["filepath"]), default={})
