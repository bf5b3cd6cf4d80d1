"""The GEMM driver on a GPU: x [M, K] times y [N, K] transposed, for every product."""

from typing import Any

import numpy as np
from numba import config, cuda
from numpy.typing import NDArray

from fatnn_kernels.cuda.kernel import gemm_kernel
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
        A wrong dtype or shape, or a value outside the domain.
    """

    def __init__(self, product: Product, x: NDArray[Any], y: NDArray[Any], tile: CudaTile | None = None) -> None:
        if tile is not None and tile.product is not product:
            raise ValueError(
                f"{product.name}: the tile is one of {tile.product.name}; expected one of the same product"
            )
        self.tile = tile or choose_tile(product, _rows(x), _rows(y), multiprocessors())
        a, b = pack(self.tile.packing, "x", x), pack(self.tile.packing, "y", y)
        if a.k != b.k:
            raise ValueError(f"{product.name}: x has K = {a.k} and y has K = {b.k}; expected the same K")
        self._m, self._n = a.count, b.count
        self._c = cuda.device_array((len(a.term), len(b.term)), product.dtype)
        x, y = (_filled(operand.words, self.tile.unrolled) for operand in (a, b))
        on_device = [cuda.to_device(part) for part in (x.ravel(), y.ravel(), a.term, b.term)]
        self._arguments = (*on_device, self._c, x.shape[1])
        self._kernel = gemm_kernel(self.tile)
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


def _filled(words: NDArray[np.uint32], multiple: int) -> NDArray[np.uint32]:
    """[tiles, words, planes, width], with zero words, which add nothing, up to a multiple of words."""
    missing = -words.shape[1] % multiple
    return np.pad(words, ((0, 0), (0, missing), (0, 0), (0, 0))) if missing else words


def multiprocessors() -> int:
    """Multiprocessors of the current GPU; 1 in the simulator."""
    return 1 if config.ENABLE_CUDASIM else int(cuda.get_current_device().MULTIPROCESSOR_COUNT)
