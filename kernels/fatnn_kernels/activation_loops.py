"""The compiled loops between convolutions: float32 activations, pooling, pixels and the classifier."""

from typing import Any

import numpy as np
from numba import prange

from fatnn_kernels.convolution_loops import count_windows, count_windows_parallel
from fatnn_kernels.intrinsics import address, barrier, emit_activation_tile, tile_rows
from fatnn_kernels.jit import compiled


@compiled()
def _activate_rows(
    tile: Any, packed: Any, pixels: Any, taps: Any, weights: Any, x_term: Any, y_term: Any, affine: Any, floor: Any,
    skip: Any, out: Any, targets: Any, begin: Any, end: Any,
) -> None:  # fmt: skip
    """The tiles [begin, end) of output pixels, with all channels."""
    words, planes, columns = weights.shape[1], weights.shape[2], weights.shape[3]
    rows = tile_rows(tile)
    for j in range(weights.shape[0]):
        for i in range(begin, end):
            emit_activation_tile(
                tile,
                address(packed, 0),
                address(pixels, i * rows),
                address(taps, 0),
                address(weights, j * words * planes * columns),
                words,
                address(x_term, i * rows),
                address(y_term, j * columns),
                address(affine, j * columns),
                affine.shape[1],
                floor,
                skip.size > 0,
                address(skip, 0),
                address(out, 0),
                address(targets, i * rows),
                j * columns,
            )


@compiled()
def activations_serial(
    tile: Any, packed: Any, pixels: Any, taps: Any, weights: Any, x_term: Any, y_term: Any, counts: Any, per_bit: Any,
    affine: Any, floor: Any, skip: Any, out: Any, targets: Any, loops: Any,
) -> None:  # fmt: skip
    for _ in range(loops):
        if per_bit.size > 0:
            count_windows(packed, pixels, taps, x_term, counts, per_bit)
        tiles = pixels.shape[0] // tile_rows(tile)
        _activate_rows(
            tile, packed, pixels, taps, weights, x_term, y_term, affine, floor, skip, out, targets, 0, tiles
        )  # fmt: skip
        barrier()


@compiled(parallel=True)
def activations_parallel(
    tile: Any, packed: Any, pixels: Any, taps: Any, weights: Any, x_term: Any, y_term: Any, counts: Any, per_bit: Any,
    affine: Any, floor: Any, skip: Any, out: Any, targets: Any, loops: Any, threads: Any,
) -> None:  # fmt: skip
    tiles = pixels.shape[0] // tile_rows(tile)
    for _ in range(loops):
        if per_bit.size > 0:
            count_windows_parallel(packed, pixels, taps, x_term, counts, per_bit, threads)
        for thread in prange(threads):
            begin, end = thread * tiles // threads, (thread + 1) * tiles // threads
            _activate_rows(
                tile, packed, pixels, taps, weights, x_term, y_term, affine, floor, skip, out, targets, begin, end
            )  # fmt: skip
        barrier()


@compiled()
def max_pool(image: Any, out: Any, size: Any, stride: Any, padding: Any, loops: Any) -> None:
    """out[b, y, x, c] = max of a window of ``image``, both [batch, height, width, channels]; the border never wins."""
    height, width, channels = image.shape[1], image.shape[2], image.shape[3]
    for _ in range(loops):
        for b in range(out.shape[0]):
            for y in range(out.shape[1]):
                for x in range(out.shape[2]):
                    for c in range(channels):
                        out[b, y, x, c] = -np.inf
                    for row in range(max(0, y * stride - padding), min(height, y * stride - padding + size)):
                        for column in range(max(0, x * stride - padding), min(width, x * stride - padding + size)):
                            for c in range(channels):
                                out[b, y, x, c] = max(out[b, y, x, c], image[b, row, column, c])
        barrier()


@compiled()
def max_pool_levels(
    image: Any, out: Any, bits: Any, size: Any, stride: Any, padding: Any, out_padding: Any, loops: Any
) -> None:
    """The same on bit-planes [batch, height, width, words, planes], a word of levels at a time.

    ``bits`` [levels, planes] are the levels' codes, as words of all ones or zeros. ``out`` has a border of
    ``out_padding``, which is left as it is.
    """
    height, width, words, planes = image.shape[1], image.shape[2], image.shape[3], image.shape[4]
    levels = bits.shape[0]
    reached = np.zeros(levels, np.uint32)
    for _ in range(loops):
        for b in range(out.shape[0]):
            for y in range(out.shape[1] - 2 * out_padding):
                for x in range(out.shape[2] - 2 * out_padding):
                    for word in range(words):
                        reached[:] = 0
                        for row in range(max(0, y * stride - padding), min(height, y * stride - padding + size)):
                            for column in range(max(0, x * stride - padding), min(width, x * stride - padding + size)):
                                for level in range(levels):
                                    same = np.uint32(0xFFFFFFFF)
                                    for plane in range(planes):
                                        same &= ~(image[b, row, column, word, plane] ^ bits[level, plane])
                                    reached[level] |= same
                        for plane in range(planes):
                            out[b, y + out_padding, x + out_padding, word, plane] = 0
                        above = np.uint32(0)
                        for level in range(levels - 1, -1, -1):
                            chosen = reached[level] & ~above
                            above |= chosen
                            for plane in range(planes):
                                out[b, y + out_padding, x + out_padding, word, plane] |= chosen & bits[level, plane]
        barrier()


@compiled()
def pack_pixels(pixels: Any, packed: Any, offset: Any, padding: Any, loops: Any) -> None:
    """Pixels [batch, height, width, channels] - offset into a packed image seen as items of its own type."""
    channels = pixels.shape[3]
    for _ in range(loops):
        for b in range(pixels.shape[0]):
            for y in range(pixels.shape[1]):
                for x in range(pixels.shape[2]):
                    for c in range(channels):
                        packed[b, y + padding, x + padding, c] = pixels[b, y, x, c] - offset
        barrier()


@compiled()
def classify(image: Any, weights: Any, bias: Any, sums: Any, logits: Any, loops: Any) -> None:
    """The mean pixel of [batch, height, width, channels] times weights [channels, classes], summed in float64."""
    pixels = image.shape[1] * image.shape[2]
    for _ in range(loops):
        for b in range(image.shape[0]):
            sums[:] = bias
            for c in range(image.shape[3]):
                total = 0.0
                for y in range(image.shape[1]):
                    for x in range(image.shape[2]):
                        total += image[b, y, x, c]
                mean = total / pixels
                for n in range(weights.shape[1]):
                    sums[n] += mean * weights[c, n]
            logits[b] = sums
        barrier()
