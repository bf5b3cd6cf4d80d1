"""The suite's own products on a GPU, as contenders of the scopes ``kernel`` and ``layer``."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from fatnn_bench.contenders.problems import Problem
from fatnn_bench.contenders.products import geometry_of, too_few_channels
from fatnn_bench.contenders.protocol import Limit, Prepared
from fatnn_bench.machine.gpu_clock import GpuClock, look
from fatnn_bench.workload.layers import Layer
from fatnn_bench.workload.quantisation import bounds
from fatnn_kernels.packing import beyond_max_k
from fatnn_kernels.product import Product

if TYPE_CHECKING:
    from fatnn_kernels.cuda.convolution import Convolution
    from fatnn_kernels.cuda.driver import Gemm

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
        """No product runs grouped convolutions; on a GPU none looks up, and some need tensor cores."""
        if self.way in _LACKING:
            return _LACKING[self.way]
        beyond_scope = layer.skip_reason or beyond(self._scope)
        return beyond_scope or beyond_max_k(self._product, layer.k) or self._obstacle()

    def _obstacle(self) -> str:
        """What this GPU lacks; asked last, for it starts the driver."""
        from fatnn_kernels.cuda.device import obstacle  # here, as below

        return obstacle(self._product)

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        return _PreparedGpuGemm(self._product, problem)


class GpuLayerContender(GpuGemmContender):
    """Float32 image → int32, on tensor cores: quantise and pack, products."""

    def skip_reason(self, layer: Layer) -> str:
        if self.way not in _LACKING and self.way != "tensor":
            return f"on a GPU layers are computed on tensor cores, not by {self.way}"
        return too_few_channels(self._product, layer) or super().skip_reason(layer)

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        return _PreparedGpuLayer(self._product, problem)


def beyond(scope: str) -> str:
    """Why a scope is not measured on a GPU; empty if it is."""
    return "" if scope in ("kernel", "layer") else f"on a GPU the scopes kernel and layer are measured, not {scope}"


class _PreparedGpu:
    """What can be enqueued on the GPU, with its clock."""

    tolerance = None

    def __init__(self, product: Product, enqueued: "Gemm | Convolution") -> None:
        # here, for numba-cuda need not be installed where a GPU is only spoken of
        from fatnn_bench.contenders.gpu.clock import Clock, simulated

        self._enqueued = enqueued
        self.run = Clock(enqueued.enqueue).run
        self.bytes = enqueued.nbytes
        self.codegen: dict[str, Any] = {"tile": str(enqueued.tile)}
        self.stages: Mapping[str, Callable[[int], float | None]] = {}
        self.limit: Limit | None = None if simulated() else _GpuLimit(product)

    def gpu_clock(self) -> GpuClock | None:
        return look()

    def result(self) -> NDArray[Any]:
        return self._enqueued.result()

    def spoil(self) -> None:
        self._enqueued.spoil()


class _PreparedGpuGemm(_PreparedGpu):
    def __init__(self, product: Product, problem: Problem) -> None:
        from fatnn_kernels.cuda.driver import Gemm

        super().__init__(product, Gemm(product, problem.x, problem.y))


class _PreparedGpuLayer(_PreparedGpu):
    def __init__(self, product: Product, problem: Problem) -> None:
        from fatnn_bench.contenders.gpu.clock import Clock
        from fatnn_kernels.cuda.convolution import Convolution

        layer, limits = problem.layer, bounds(product.x.domain)
        convolution = Convolution(product, geometry_of(layer), problem.x, problem.y, limits)
        super().__init__(product, convolution)
        self.stages = {
            "quantise": Clock(convolution.enqueue_quantise).run,
            "product": Clock(convolution.enqueue_products).run,
        }


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
