"""What can be measured: the suite's own kernels and the baselines, behind one protocol."""

from collections.abc import Callable
from typing import Any, Protocol

from fatnn_kernels import PRODUCTS, Product, driver
from fatnn_kernels.product import Domain
from fatnn_kernels.target import current_target
from numpy.typing import NDArray

from fatnn_bench.baselines.blas import BlasFloat32


class Prepared(Protocol):
    """A kernel with its operands in place: only what the clock should see is left to do."""

    bytes: int  #: operands read and results written, once each
    codegen: dict[str, Any]  #: how the kernel was compiled

    def run(self, loops: int) -> None:
        """Compute the result ``loops`` times over, into the same place."""

    def result(self) -> NDArray[Any]:
        """The result as it stands, [M, N]; a view that the caller may overwrite."""


class Contender(Protocol):
    """A kernel or baseline: what it multiplies, and how to make it ready."""

    name: str  #: as in case ids
    x_domain: Domain
    y_domain: Domain

    def prepare(self, x: NDArray[Any], y: NDArray[Any], threads: int) -> Prepared:
        """Pack x [M, K] and y [N, K]. Nothing is computed yet."""


class ProductContender:
    """An inner product of :mod:`fatnn_kernels`, packed × packed → int32 (or float32)."""

    def __init__(self, product: Product) -> None:
        self.name = product.name
        self.x_domain, self.y_domain = product.x_domain, product.y_domain
        self._product = product

    def prepare(self, x: NDArray[Any], y: NDArray[Any], threads: int) -> Prepared:
        return _PreparedProduct(self._product, x, y, threads)


class _PreparedProduct:
    def __init__(self, product: Product, x: NDArray[Any], y: NDArray[Any], threads: int) -> None:
        self._x, self._y = driver.pack_operands(product, x, y)
        self._c = driver.empty_result(self._x, self._y)
        self._threads = threads
        self.bytes = self._x.nbytes + self._y.nbytes + self._c.nbytes
        target, tile = current_target(), self._x.tile
        self.codegen = {"vector_bits": 32 * tile.lanes, "tile": f"{tile.rows}x{tile.vectors}"}
        if product.accumulate == "popcounts":
            self.codegen["popcount"] = target.popcount_instruction
        if product.name == "int8":
            self.codegen["dot"] = target.int8_dot

    def run(self, loops: int) -> None:
        driver.run(self._x, self._y, self._c, threads=self._threads, loops=loops)

    def result(self) -> NDArray[Any]:
        return self._c[: self._x.count, : self._y.count]


_BASELINES: tuple[Callable[[], Contender], ...] = (BlasFloat32,)


def all_contenders() -> dict[str, Contender]:
    """Every kernel by name, the baselines after the suite's own."""
    own: list[Contender] = [ProductContender(product) for product in PRODUCTS.values()]
    baselines = [baseline() for baseline in _BASELINES]
    return {contender.name: contender for contender in own + baselines}
