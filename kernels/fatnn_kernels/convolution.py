"""Convolutions from float32 images: quantise and pack, inner products where the words lie, epilogue.

There is no im2col in memory. An image is packed once into words [pixel][word][plane] with its border; an output pixel
is the sum over *taps*, and the word of tap t lies at ``pixels[m] + taps[t]``, the first word of the output pixel's
window plus the same offset for every pixel. The register tile reads it there.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fatnn_kernels.aligned import aligned
from fatnn_kernels.checks import check_count, check_memory, check_output, check_values, check_written
from fatnn_kernels.convolution_inputs import checked_bounds, checked_weights
from fatnn_kernels.driver import PANEL_BYTES, choose_tile, compute
from fatnn_kernels.epilogue import Planes, Results
from fatnn_kernels.gemm_loops import StoreTo, Work
from fatnn_kernels.geometry import Geometry
from fatnn_kernels.intrinsics import TypedTile
from fatnn_kernels.offsets import filled_by_first, repeating_last, tap_offsets, target_offsets, window_offsets
from fatnn_kernels.operands import ImageX
from fatnn_kernels.packing import (
    COLUMNS_OF_PIXELS,
    arranged,
    check_domain,
    filled,
    pixel,
    pixel_words,
    words_of_steps,
)
from fatnn_kernels.panels import GatheredX, columns, row_rooms, rows_of_tiles
from fatnn_kernels.product import Product
from fatnn_kernels.quantise_loops import Quantising
from fatnn_kernels.shares import Tiles
from fatnn_kernels.target import current_target
from fatnn_kernels.tile import Tile
from fatnn_kernels.windows import Windows


class Convolution:
    """A convolution with packed weights: float32 images in, int32 (or float32) out, or packed words to packed words.

    Parameters
    ----------
    product
        Any product; its x are the image's quantised values, its y the weights.
    geometry
        The sizes.
    weights
        [out_channels, kernel, kernel, in_channels], in the product's domain.
    bounds
        How a float becomes a value (:mod:`fatnn_kernels.quantise`): for a bit code the least float of each level but
        the lowest, ascending; for int8 the factor; nothing for float32.
    constant
        [out_channels], added to the sums; 0 if not given.
    per_bit
        What each one-bit of x, by its place in a value, adds to the sums of its windows. As the product has it if not
        given, which is nothing for most.

    Raises
    ------
    ValueError
        A shape or value that does not fit; the message names it.

    Notes
    -----
    The border of an image holds zeros, in ``binary``, which has none, +1.
    """

    def __init__(
        self,
        product: Product,
        geometry: Geometry,
        weights: NDArray[Any],
        bounds: ArrayLike = (),
        constant: NDArray[np.int32] | None = None,
        per_bit: Sequence[int] | None = None,
    ) -> None:
        self.product, self.geometry = product, geometry
        g = geometry
        flat = checked_weights(product, geometry, weights)
        self._bounds = checked_bounds(product, bounds)
        self._filler = np.float32(product.x.codec.filler(self._bounds))
        self._tile = _column_limited(product, g)
        self._typed = TypedTile(self._tile)
        items, within = _items_of_pixel(product, g.in_channels)
        self._taps = tap_offsets(g, items, within)
        self._pixels = self._filled_up(window_offsets(g, items))
        self._windows = self._filled_up(window_offsets(g, 1))
        self._weights = arranged(self._tile, "y", self._words_of_taps(flat.reshape(-1, g.in_channels)))
        if product.way == "tiles":
            self._taps = filled_by_first(self._taps, product.words("x"))
        self._rooms = row_rooms(self._tile, self._pixels, self._taps)
        self._y = columns(self._tile, self._weights)
        term = product.y.terms(flat, product.y.codec.encode(flat))
        if constant is not None:
            check_values(product.name, "constant", constant, (g.out_channels,), np.int32)
            term = term + constant
        self._y_term = filled(term.astype(product.dtype), self._tile.columns)
        self._x_term = aligned(len(self._pixels), product.dtype)
        count = len(product.x.codec.bit_masks)
        own = product.x.per_bit or (0,) * count
        bits = np.asarray(own if per_bit is None else per_bit, np.int32)
        check_values(product.name, "per_bit", bits, (count,), np.int32)
        self._per_bit = bits if bits.any() else None
        if product.way == "tiles" and self._per_bit is not None:
            raise ValueError(f"{product.name}: per_bit is {bits.tolist()}; a product by tiles counts no bits of x")
        self._counts = np.zeros(g.batch * g.padded_height * g.padded_width, np.int32)

    def _filled_up(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Offsets of pixels filled up to whole tiles; where those of a matrix tile lie evenly, the last do so too."""
        half = self._tile.rows // 2
        evenly = self.product.way == "tiles" and self.geometry.out_width % half == 0
        return repeating_last(offsets, self._tile.rows, half if evenly else 1)

    def _words_of_taps(self, weights: NDArray[Any]) -> NDArray[np.uint32]:
        """Weights [out_channels · taps, in_channels] -> what each step takes, [words of a step, out_channels, steps].

        Each tap is filled up to whole steps; or, where tiles join taps, to a pixel, and all of them to whole steps.
        """
        g, product = self.geometry, self.product
        if product.way == "tiles":
            joined = np.pad(weights, ((0, 0), (0, -g.in_channels % product.values_per_pixel)))
            return words_of_steps(product, "y", product.y.codec.encode(joined.reshape(g.out_channels, -1)))
        per_tap = words_of_steps(product, "y", product.y.codec.encode(weights))
        return per_tap.reshape(product.words("y"), g.out_channels, len(self._taps))

    @property
    def tile(self) -> Tile:
        """The register tile that computes it."""
        return self._tile

    @property
    def weight_bytes(self) -> int:
        """Bytes of the packed weights."""
        return self._weights.nbytes

    def empty_image(self, border: float | None = None) -> NDArray[np.uint32]:
        """A packed image of one value: [batch, padded_height, padded_width, words, planes].

        The value is 0 if not given, or +1 where the product has no 0.
        """
        g, product = self.geometry, self.product
        value = product.x.domain.border if border is None else border
        check_domain(product.name, "border", np.full((1, 1), value, np.float32), product.x.domain)
        planes = product.x.codec.encode(np.full((1, g.in_channels), value, np.float32))
        image = aligned(self._packed_shape, np.uint32)
        words = pixel(product, planes)
        image.reshape(-1, math.prod(image.shape[-2:]))[:, : len(words)] = words
        return image

    @property
    def _packed_shape(self) -> tuple[int, ...]:
        g = self.geometry
        return g.batch, g.padded_height, g.padded_width, *self._pixel_shape(g.in_channels)

    def empty_result(self) -> NDArray[Any]:
        """Room for a result, filled up to whole tiles: :meth:`result` is the part that counts."""
        return aligned((len(self._pixels), len(self._y_term)), self.product.dtype)

    def empty_next_image(self) -> NDArray[np.uint32]:
        """Room for results as the next layer's words: [batch, out_height, out_width, words, planes], zeros."""
        g = self.geometry
        return aligned((g.batch, g.out_height, g.out_width, *self._pixel_shape(g.out_channels)), np.uint32)

    def _pixel_shape(self, channels: int) -> tuple[int, int]:
        """[words, planes] of a packed pixel, whole steps."""
        planes = self.product.x.codec.planes
        return pixel_words(self.product, channels) // planes, planes

    def result(self, c: NDArray[Any]) -> NDArray[Any]:
        """The result as an image, [batch, out_height, out_width, out_channels]; a copy where channels are filled up."""
        g = self.geometry
        return c[: g.pixels, : g.out_channels].reshape(g.batch, g.out_height, g.out_width, g.out_channels)

    def quantise(
        self, image: NDArray[np.float32], packed: NDArray[np.uint32], loops: int = 1, threads: int = 1
    ) -> None:
        """Quantise and pack an image, ``loops`` times over."""
        check_count("loops", loops)
        compute(self.quantise_work(image, packed), loops, threads)

    def products(self, packed: NDArray[np.uint32], c: NDArray[Any], loops: int = 1, threads: int = 1) -> None:
        """Inner products of a packed image into C, ``loops`` times over."""
        check_count("loops", loops)
        compute(self._layer_work(None, packed, c), loops, threads)

    def layer(
        self, image: NDArray[np.float32], packed: NDArray[np.uint32], c: NDArray[Any], loops: int = 1, threads: int = 1
    ) -> None:
        """A whole layer, float32 image to C by way of ``packed``, ``loops`` times over."""
        check_count("loops", loops)
        compute(self._layer_work(image, packed, c), loops, threads)

    def quantise_work(self, image: NDArray[np.float32], packed: NDArray[np.uint32]) -> Work:
        """What :meth:`quantise` does, checked."""
        return self.work(packed, None, quantising=self._quantising(image, packed))

    def _layer_work(self, image: NDArray[np.float32] | None, packed: NDArray[np.uint32], c: NDArray[Any]) -> Work:
        quantising = self._quantising(image, packed)
        shape = (len(self._pixels), len(self._y_term))
        check_output(self.product.name, "the result", c, shape, self.product.dtype, quantising.image, packed)
        # A lone tile of pixels uses no weight twice: they are read once, from begin to end.
        width = self.product.words("y") * self._tile.columns
        panel = None if len(self._pixels) <= self._tile.rows else max(1, PANEL_BYTES // (width * 4))
        store = Results(self._x_term, self._y_term, c)
        return self.work(packed, store, panel, quantising)

    def _quantising(self, image: NDArray[np.float32] | None, packed: NDArray[np.uint32]) -> Quantising:
        """Checked; of no image, an image without rows: the same machine code."""
        g, name = self.geometry, self.product.name
        self.check_packed(packed)
        if image is None:
            image = np.empty((0, 0, 0, 0), np.float32)
        else:
            shape = (g.batch, g.height, g.width, g.in_channels)
            check_memory(name, "the image (NHWC)", image, shape, np.float32)
            check_written(name, "the packed image", packed, image)
        return Quantising(image, packed, self._bounds, self._filler, g.padding)

    def work(
        self,
        packed: NDArray[np.uint32],
        store: StoreTo | None,
        panel_steps: int | None = None,
        quantising: Quantising | None = None,
    ) -> Work:
        """The products of a packed image, stored as checked arrays of :attr:`terms` and others say."""
        row_tiles, (column_tiles, steps, *_) = len(self._pixels) // self._tile.rows, self._weights.shape
        tiles = Tiles(row_tiles, column_tiles, steps, panel_steps or steps, row_tiles)
        windows, bits = None, self.product.x.codec.bit_masks
        if self._per_bit is not None and store is not None:
            taps = tap_offsets(self.geometry, 1, np.zeros(1, np.int64))
            windows = Windows(packed, self._windows, taps, self._per_bit, bits, self._counts, self._x_term)
        return Work(self._typed, self._x(packed), self._y, tiles, store, quantising, windows)

    def _x(self, packed: NDArray[np.uint32]) -> ImageX | GatheredX:
        x = ImageX(packed, self._pixels, self._taps)
        return x if self._rooms is None else GatheredX(*x, self._rooms)

    @property
    def terms(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """What the sums of rows and columns begin at: those of rows are counted while it runs, where there are any."""
        return self._x_term, self._y_term

    def check_packed(self, packed: NDArray[np.uint32]) -> None:
        """Raise a ValueError unless it is an image as :meth:`empty_image` makes them."""
        check_memory(self.product.name, "the packed image", packed, self._packed_shape, np.uint32)

    def fused(
        self,
        packed: NDArray[np.uint32],
        thresholds: NDArray[np.int32],
        out: NDArray[np.uint32],
        padding: int = 0,
        loops: int = 1,
        threads: int = 1,
    ) -> None:
        """Packed image to packed image, ``loops`` times over, without a result in memory.

        Parameters
        ----------
        thresholds
            [levels − 1, out_channels], ascending: the least result that reaches each level but the lowest.
        out
            The next layer's packed image, [batch, out_height + 2·padding, out_width + 2·padding, words, planes], as its
            :meth:`empty_image` makes it: the border and the bits beyond the channels are left as they are.
        padding
            The next layer's.
        """
        check_count("loops", loops)
        compute(self.fused_work(packed, thresholds, out, padding), loops, threads)

    def fused_work(
        self, packed: NDArray[np.uint32], thresholds: NDArray[np.int32], out: NDArray[np.uint32], padding: int
    ) -> Work:
        """What :meth:`fused` does, checked."""
        g = self.geometry
        if not self.product.x.codec.levels:
            raise ValueError(f"{self.product.name} has no bit-planes to write; the fused layer is for bitwise products")
        self.check_packed(packed)
        check_count("padding", padding, 0)
        pixel = self._pixel_shape(g.out_channels)
        shape = (g.batch, g.out_height + 2 * padding, g.out_width + 2 * padding, *pixel)
        check_output(self.product.name, "the packed result", out, shape, np.uint32, packed)
        targets = self.targets(pixel[0] * pixel[1], padding)
        return self.work(packed, Planes(*self.terms, self._bounded(thresholds), out, targets))

    def targets(self, pixel_items: int, padding: int = 0) -> NDArray[np.int64]:
        """Where each row of the result begins in an image of so many items a pixel and such a border."""
        return self._filled_up(target_offsets(self.geometry, pixel_items, padding))

    def _bounded(self, thresholds: NDArray[np.int32]) -> NDArray[np.int32]:
        """Thresholds of all columns: those filled up get the level whose bits are zero."""
        codec = self.product.x.codec
        expected = (codec.bounds, self.geometry.out_channels)
        check_values(self.product.name, "the array of thresholds, a row a level,", thresholds, expected, np.int32)
        reached = np.arange(expected[0])[:, None] < codec.zero_level
        limits = np.iinfo(np.int32)
        bounded = np.where(reached, limits.min, limits.max) * np.ones(len(self._y_term), np.int32)
        bounded[:, : expected[1]] = thresholds
        return np.ascontiguousarray(bounded, np.int32)


def _items_of_pixel(product: Product, channels: int) -> tuple[int, NDArray[np.int64]]:
    """Words of a pixel, and which of them steps begin with; bytes, where words of fewer begin anywhere.

    Tiles join taps, so that each word of a pixel is one.
    """
    words, width = pixel_words(product, channels), product.x.codec.word_bytes
    if product.way == "tiles":
        return words, np.arange(words)
    first = np.arange(product.steps(channels)) * product.words("x")
    return (words, first) if width == 4 else (4 * words, first * width)


def _column_limited(product: Product, geometry: Geometry) -> Tile:
    """A tile of at most 32 columns, so that the tiles of a layer end where the words of its result do, and of no more
    vectors than its channels fill; of look-ups, whose pixels have room for 64, one whose tiles end with these."""
    g, steps = geometry, geometry.kernel**2 * product.steps(geometry.in_channels)
    tile = choose_tile(product, current_target(), g.pixels, g.out_channels, steps * product.values_per_step)
    if product.way == "tiles":
        return replace(tile, rows=2 * rows_of_tiles(product, geometry))
    if product.way == "lookup":
        room = -(-g.out_channels // COLUMNS_OF_PIXELS) * COLUMNS_OF_PIXELS
        return replace(tile, vectors=math.gcd(tile.vectors, room // tile.lanes))
    vectors = min(tile.vectors, 32 // tile.lanes, -(-g.out_channels // tile.lanes))
    return replace(tile, vectors=max(vectors, 8 // tile.lanes))
