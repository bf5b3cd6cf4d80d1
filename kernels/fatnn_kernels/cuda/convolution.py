"""A convolution on the tensor cores of a GPU: float32 image to sums, without im2col in memory."""

from typing import Any

import numpy as np
from numba import cuda
from numpy.typing import ArrayLike, NDArray

from fatnn_kernels.checks import check_memory
from fatnn_kernels.convolution_inputs import checked_bounds, checked_weights
from fatnn_kernels.cuda.device import multiprocessors, obstacle
from fatnn_kernels.cuda.quantise import THREADS, quantise_kernel, window_terms
from fatnn_kernels.cuda.tensor_kernel import layer_kernel
from fatnn_kernels.cuda.tensor_tile import SLICE, WARP, TensorTile, choose_tensor_tile
from fatnn_kernels.geometry import Geometry
from fatnn_kernels.offsets import repeating_last, tap_offsets, window_offsets
from fatnn_kernels.packing import filled, interleave
from fatnn_kernels.product import Product


class Convolution:
    """A convolution, or a linear layer as one of a pixel, with its weights and its image in the GPU's memory.

    Parameters
    ----------
    product
        One for tensor cores, of :data:`fatnn_kernels.cuda.PRODUCTS`.
    geometry
        Its sizes.
    image
        float32 [batch, height, width, in_channels].
    weights
        [out_channels, kernel, kernel, in_channels], inside the domain of the product's y.
    bounds
        The least float of each value of x but the lowest, ascending.
    tile
        The one to use; if None, one that suits the sizes.

    Raises
    ------
    ValueError
        A wrong dtype or shape, a value outside the domain, or the GPU lacks what the product needs.
    """

    def __init__(
        self,
        product: Product,
        geometry: Geometry,
        image: NDArray[np.float32],
        weights: NDArray[Any],
        bounds: ArrayLike,
        tile: TensorTile | None = None,
    ) -> None:
        if lacks := obstacle(product):
            raise ValueError(f"{product.name}: {lacks}")
        g = geometry
        shape = (g.batch, g.height, g.width, g.in_channels)
        check_memory(product.name, "the image (NHWC)", image, shape, np.float32)
        flat, limits = checked_weights(product, g, weights), checked_bounds(product, bounds)
        self._product, self._geometry = product, g
        self.tile = tile or choose_tensor_tile(product, g.pixels, g.out_channels, multiprocessors())
        self._plane_words = -(-g.in_channels // 32)
        self._copied = next(count for count in (4, 2, 1) if self._plane_words % count == 0)
        packed, worth = self._empty_image()
        y, term = self._packed_weights(flat)
        pixels, taps, windows, in_window = (cuda.to_device(each.astype(np.int32)) for each in self._offsets(y.shape[1]))
        x_term, y_term = cuda.to_device(np.zeros(len(pixels), np.int32)), cuda.to_device(term)
        self._c = cuda.device_array((len(pixels), len(term)), np.int32)
        floats = cuda.to_device(image), cuda.to_device(limits)
        self._to_quantise = (*floats, packed, worth, g.padding, self._plane_words)
        self._to_count = (worth, windows, in_window, x_term) if product.x.per_bit else None
        of_x = packed, pixels, taps, self._plane_words
        self._to_multiply = (*of_x, cuda.to_device(y.ravel()), x_term, y_term, self._c, y.shape[1])
        self.nbytes = image.nbytes + y.nbytes + int(self._c.nbytes)  #: the image and weights read, results written

    @property
    def _pixel_words(self) -> int:
        return self._plane_words * self._product.x.codec.planes

    def _empty_image(self) -> tuple[Any, Any]:
        """A packed image whose border is zero bits, and a pixel more, of the zeros that K is filled up with; and room
        for what the bits of each pixel add to n."""
        g = self._geometry
        pixels = g.batch * g.padded_height * g.padded_width
        words = (pixels + 1) * self._pixel_words
        if words > np.iinfo(np.int32).max:
            raise ValueError(f"{self._product.name}: the packed image is larger than 8 GiB; expected a smaller batch")
        return cuda.to_device(np.zeros(words, np.uint32)), cuda.to_device(np.zeros(pixels, np.int32))

    def _offsets(self, stages: int) -> tuple[NDArray[np.int64], ...]:
        """Where windows begin and what is copied of their taps, in words; and where windows and taps are, in pixels."""
        g, width = self._geometry, self._pixel_words
        taps = tap_offsets(g, width, np.arange(0, self._plane_words, self._copied))
        missing = stages * self.tile.depth * SLICE // self._copied - len(taps)
        pixels, windows = (repeating_last(window_offsets(g, items), self.tile.rows) for items in (width, 1))
        taps = np.pad(taps, (0, missing), constant_values=-1)
        return pixels, taps, windows, tap_offsets(g, 1, np.zeros(1, np.int64))

    def _packed_weights(self, flat: NDArray[Any]) -> tuple[NDArray[np.uint32], NDArray[Any]]:
        """Weights [out_channels, K] as the tile takes them, each tap from a new word on, and their terms."""
        g, y = self._geometry, self._product.y
        by_tap = y.codec.encode(flat.reshape(-1, g.in_channels))
        planes = by_tap.reshape(y.codec.planes, g.out_channels, -1)
        term = y.terms(flat, y.codec.encode(flat)).astype(np.int32)
        return self.tile.arranged(interleave(planes, self.tile.columns)), filled(term, self.tile.columns)

    def enqueue(self, stream: Any = 0) -> None:
        """Compute the layer once, when the stream comes to it."""
        self.enqueue_quantise(stream)
        self.enqueue_products(stream)

    def enqueue_quantise(self, stream: Any = 0) -> None:
        """Quantise and pack the image."""
        g = self._geometry
        threads = g.batch * g.height * g.width * WARP
        quantise_kernel(self._product)[-(-threads // THREADS), THREADS, stream](*self._to_quantise)

    def enqueue_products(self, stream: Any = 0) -> None:
        """Multiply the packed image."""
        g = self._geometry
        if self._to_count is not None:
            window_terms[-(-g.pixels // THREADS), THREADS, stream](*self._to_count)
        kernel, blocks = layer_kernel(self.tile, self._copied), self.tile.grid(g.pixels, g.out_channels)
        kernel[blocks, (self.tile.threads_x, 1), stream](*self._to_multiply)

    def result(self) -> NDArray[Any]:
        """[batch, out_height, out_width, out_channels], int32, once all that was enqueued is done."""
        cuda.synchronize()
        g = self._geometry
        c = np.asarray(self._c.copy_to_host())[: g.pixels, : g.out_channels]
        return c.reshape(g.batch, g.out_height, g.out_width, g.out_channels)

    def spoil(self) -> None:
        """Overwrite the result."""
        self._c.copy_to_device(np.full(self._c.shape, -1, self._c.dtype))
