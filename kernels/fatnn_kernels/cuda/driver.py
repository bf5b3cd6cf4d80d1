"""The GEMM driver on a GPU: x [M, K] times y [N, K] transposed, for every product."""

from typing import Any

import numpy as np
from numba import cuda
from numpy.typing import NDArray

from fatnn_kernels.cuda import kernel, tensor_kernel
from fatnn_kernels.cuda.device import multiprocessors, obstacle
from fatnn_kernels.cuda.tensor_tile import TensorTile, choose_tensor_tile
from fatnn_kernels.cuda.tile import CudaTile, choose_tile
from fatnn_kernels.packing import pack
from fatnn_kernels.product import Product


def gemm(product: Product, x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Inner products of every row of x with every row of y, on the current GPU; see :func:`fatnn_kernels.gemm`.

    Raises
    ------
    ValueError
        A wrong dtype or shape, or a value outside the domain.
    """
    ready = Gemm(product, x, y)
    ready.enqueue()
    return ready.result()


class Gemm:
    """A GEMM with its operands, packed, in the GPU's memory.

    Parameters
    ----------
    product
        Of :data:`fatnn_kernels.cuda.PRODUCTS`.
    x, y
        [M, K] and [N, K], integers or floats inside the product's domains.
    tile
        The one to use; if None, one that suits M and N.

    Raises
    ------
    ValueError
        A wrong dtype or shape, a value outside the domain, or the GPU lacks what the product needs.
    """

    def __init__(
        self, product: Product, x: NDArray[Any], y: NDArray[Any], tile: CudaTile | TensorTile | None = None
    ) -> None:
        if lacks := obstacle(product):
            raise ValueError(f"{product.name}: {lacks}")
        if tile is not None and tile.product is not product:
            raise ValueError(
                f"{product.name}: the tile is one of {tile.product.name}; expected one of the same product"
            )
        choose = choose_tensor_tile if product.way == "tensor" else choose_tile
        self.tile: CudaTile | TensorTile = tile or choose(product, _rows(x), _rows(y), multiprocessors())
        a, b = pack(self.tile.packing, "x", x), pack(self.tile.packing, "y", y)
        if a.k != b.k:
            raise ValueError(f"{product.name}: x has K = {a.k} and y has K = {b.k}; expected the same K")
        self._m, self._n = a.count, b.count
        self._c = cuda.device_array((len(a.term), len(b.term)), product.dtype)
        x, y = (self.tile.arranged(operand.words) for operand in (a, b))
        on_device = [cuda.to_device(part) for part in (x.ravel(), y.ravel(), a.term, b.term)]
        self._arguments = (*on_device, self._c, x.shape[1])
        self._kernel = _kernel(self.tile)
        self._blocks, self._threads = self.tile.grid(a.count, b.count), (self.tile.threads_x, self.tile.threads_y)
        self.nbytes = x.nbytes + y.nbytes + int(self._c.nbytes)  #: packed operands read and results written

    def enqueue(self, stream: Any = 0) -> None:
        """Compute the result once, when the stream comes to it."""
        self._kernel[self._blocks, self._threads, stream](*self._arguments)

    def result(self) -> NDArray[Any]:
        """[M, N], int32 or float32, once all that was enqueued is done."""
        cuda.synchronize()
        return np.asarray(self._c.copy_to_host())[: self._m, : self._n]

    def spoil(self) -> None:
        """Overwrite the result."""
        self._c.copy_to_device(np.full(self._c.shape, -1, self._c.dtype))


def _rows(operand: Any) -> int:
    """Of what should be an operand; what is none is refused when it is packed."""
    return len(operand) if isinstance(operand, np.ndarray) and operand.ndim == 2 and operand.size else 1


def _kernel(tile: CudaTile | TensorTile) -> Any:
    return tensor_kernel.gemm_kernel(tile) if isinstance(tile, TensorTile) else kernel.gemm_kernel(tile)
