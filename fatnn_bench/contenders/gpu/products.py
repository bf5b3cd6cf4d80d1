"""The suite's own products on a GPU, as contenders of the scope ``kernel``."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fatnn_bench.contenders.problems import Problem
from fatnn_bench.contenders.protocol import Limit, Prepared
from fatnn_bench.machine.gpu_clock import GpuClock, look
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.packing import beyond_max_k
from fatnn_kernels.product import Product

#: What a GPU has none of.
_LACKING = {"lookup": "look-ups are shuffles of bytes, which a GPU has none of", "tiles": "a CPU's matrix tiles"}


class GpuGemmContender:
    """Packed × packed → int32 (or float32), all in the GPU's memory."""

    def __init__(self, product: Product, scope: str) -> None:
        self.name = product.name
        self.x_domain, self.y_domain = product.x.domain, product.y.domain
        self.precision: str = product.precision
        self.way: str | None = product.way
        self._product, self._scope = product, scope

    def skip_reason(self, layer: Layer) -> str:
        """No product runs grouped convolutions; on a GPU none convolves or looks up, and some need tensor cores."""
        if self.way in _LACKING:
            return _LACKING[self.way]
        return layer.skip_reason or beyond(self._scope) or beyond_max_k(self._product, layer.k) or self._obstacle()

    def _obstacle(self) -> str:
        """What this GPU lacks; asked last, for it starts the driver."""
        from fatnn_kernels.cuda.device import obstacle  # here, as below

        return obstacle(self._product)

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        return _PreparedGpuGemm(self._product, problem)


def beyond(scope: str) -> str:
    """Why a scope is not measured on a GPU; empty if it is."""
    return "" if scope == "kernel" else f"on a GPU the scope kernel is measured, packed × packed, not {scope}"


class _PreparedGpuGemm:
    tolerance = None
    stages: Mapping[str, Callable[[int], None]] = {}

    def __init__(self, product: Product, problem: Problem) -> None:
        # here, for numba-cuda need not be installed where a GPU is only spoken of
        from fatnn_bench.contenders.gpu.clock import Clock, simulated
        from fatnn_kernels.cuda.driver import Gemm

        self._gemm = Gemm(product, problem.x, problem.y)
        self.run = Clock(self._gemm.enqueue).run
        self.bytes = self._gemm.nbytes
        self.codegen: dict[str, Any] = {"tile": str(self._gemm.tile)}
        self.limit: Limit | None = None if simulated() else _GpuLimit(product)

    def gpu_clock(self) -> GpuClock | None:
        return look()

    def result(self) -> NDArray[Any]:
        return self._gemm.result()

    def spoil(self) -> None:
        self._gemm.spoil()


class _GpuLimit:
    """A product on the registers of all multiprocessors."""

    def __init__(self, product: Product) -> None:
        from fatnn_bench.contenders.gpu.clock import Clock
        from fatnn_kernels.cuda.limit import register_loop

        loop = register_loop(product)
        self.macs = loop.macs
        self.run = Clock(loop.enqueue).run

    def reading(self, size: int) -> None:
        """Not measured on a GPU."""
