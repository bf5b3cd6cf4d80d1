"""``blas.float32``: the float32 GEMM of the BLAS that NumPy was built with."""

from typing import Any

import numpy as np
from fatnn_kernels.product import FLOAT32_VALUES
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits


class BlasFloat32:
    """``numpy.matmul`` in float32, with the threads of its BLAS pinned."""

    name = "blas.float32"
    x_domain = FLOAT32_VALUES
    y_domain = FLOAT32_VALUES

    def prepare(self, x: NDArray[Any], y: NDArray[Any], threads: int) -> "_PreparedBlas":
        return _PreparedBlas(x, y, threads)


class _PreparedBlas:
    def __init__(self, x: NDArray[Any], y: NDArray[Any], threads: int) -> None:
        self._x, self._y = x.astype(np.float32), np.asfortranarray(y.astype(np.float32).T)
        self._c = np.empty((len(x), len(y)), np.float32)
        self.bytes = self._x.nbytes + self._y.nbytes + self._c.nbytes
        threadpool_limits(threads, user_api="blas")
        library: dict[str, Any] = next((pool for pool in threadpool_info() if pool["user_api"] == "blas"), {})
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
