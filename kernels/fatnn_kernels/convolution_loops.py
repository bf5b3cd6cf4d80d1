"""The compiled loops of :class:`fatnn_kernels.convolution.Convolution`; its arguments are the arrays of that class."""

from typing import Any

import numpy as np
from numba import prange

from fatnn_kernels.driver import PANEL_BYTES, share_of
from fatnn_kernels.intrinsics import (
    address,
    barrier,
    emit_fused_tile,
    emit_quantiser,
    emit_tapped_tile,
    flat_item,
    popcount_word,
    quantised_words,
    set_flat_item,
    tile_rows,
)
from fatnn_kernels.jit import compiled
from fatnn_kernels.quantise import CHUNK


@compiled()
def _quantise_rows(
    tile: Any, image: Any, packed: Any, bounds: Any, filler: Any, padding: Any, begin: Any, end: Any
) -> None:
    """The rows [begin, end) of all images, counted through the batch."""
    height, width, channels = image.shape[1], image.shape[2], image.shape[3]
    pixel_words = packed.shape[3] * packed.shape[4]
    whole = channels // CHUNK
    tail = channels - whole * CHUNK
    chunk_words = quantised_words(tile)
    values, words = np.full(CHUNK, filler), np.empty(chunk_words, np.uint32)
    for row in range(begin, end):
        source = row * width * channels
        target = ((row // height * packed.shape[1] + row % height + padding) * packed.shape[2] + padding) * pixel_words
        if tail == 0:
            emit_quantiser(tile, address(image, source), address(packed, target), address(bounds, 0), width * whole)
            continue
        for _ in range(width):
            if whole > 0:
                emit_quantiser(tile, address(image, source), address(packed, target), address(bounds, 0), whole)
            for i in range(tail):
                values[i] = flat_item(image, source + whole * CHUNK + i)
            emit_quantiser(tile, address(values, 0), address(words, 0), address(bounds, 0), 1)
            for i in range(pixel_words - whole * chunk_words):
                set_flat_item(packed, target + whole * chunk_words + i, words[i])
            source += channels
            target += pixel_words


@compiled()
def count_windows(packed: Any, pixels: Any, taps: Any, x_term: Any, counts: Any, per_bit: Any) -> None:
    """x_term: the one-bits of each window, each worth what ``per_bit`` says, summed from the counts of its pixels."""
    _count_pixels(packed, counts, per_bit, 0, counts.shape[0])
    _sum_windows(packed, pixels, taps, x_term, counts, 0, pixels.shape[0])


@compiled()
def count_windows_parallel(
    packed: Any, pixels: Any, taps: Any, x_term: Any, counts: Any, per_bit: Any, threads: Any
) -> None:
    """The same; in two functions, as Numba would make one loop of two that stand side by side."""
    _count_pixels_parallel(packed, counts, per_bit, threads)
    _sum_windows_parallel(packed, pixels, taps, x_term, counts, threads)


@compiled(parallel=True)
def _count_pixels_parallel(packed: Any, counts: Any, per_bit: Any, threads: Any) -> None:
    for thread in prange(threads):
        begin, end = thread * counts.shape[0] // threads, (thread + 1) * counts.shape[0] // threads
        _count_pixels(packed, counts, per_bit, begin, end)


@compiled(parallel=True)
def _sum_windows_parallel(packed: Any, pixels: Any, taps: Any, x_term: Any, counts: Any, threads: Any) -> None:
    for thread in prange(threads):
        begin, end = thread * pixels.shape[0] // threads, (thread + 1) * pixels.shape[0] // threads
        _sum_windows(packed, pixels, taps, x_term, counts, begin, end)


@compiled()
def _count_pixels(packed: Any, counts: Any, per_bit: Any, begin: Any, end: Any) -> None:
    """What the one-bits of the pixels [begin, end) are worth."""
    words, planes = packed.shape[3], packed.shape[4]
    for pixel in range(begin, end):
        count = 0
        for plane in range(planes):
            if per_bit[plane] != 0:
                ones = 0
                for word in range(words):
                    ones += popcount_word(flat_item(packed, (pixel * words + word) * planes + plane))
                count += per_bit[plane] * ones
        counts[pixel] = count


@compiled()
def _sum_windows(packed: Any, pixels: Any, taps: Any, x_term: Any, counts: Any, begin: Any, end: Any) -> None:
    """The windows [begin, end), from the counts of their pixels."""
    words = packed.shape[3]
    pixel_words = np.uint32(words * packed.shape[4])
    steps = np.empty(taps.shape[0] // words, np.int64)  # from the first pixel of a window to each of its pixels
    for tap in range(steps.shape[0]):
        steps[tap] = taps[tap * words] // pixel_words
    for m in range(begin, end):
        first = np.int64(np.uint32(pixels[m]) // pixel_words)  # 32 bits: a division for each tap took most of the time
        total = 0
        for tap in range(steps.shape[0]):
            total += flat_item(counts, first + steps[tap])
        x_term[m] = total


@compiled()
def _multiply_tiles(
    tile: Any, packed: Any, pixels: Any, taps: Any, weights: Any, x_term: Any, y_term: Any, c: Any, row_begin: Any,
    row_end: Any, column_begin: Any, column_end: Any,
) -> None:  # fmt: skip
    """The tiles [row_begin, row_end) × [column_begin, column_end) of output pixels and channels."""
    words, planes, columns = weights.shape[1], weights.shape[2], weights.shape[3]
    rows = tile_rows(tile)
    stride = c.shape[1]
    # A lone tile of pixels uses no weight twice: they are read once, from begin to end.
    panel_words = max(1, PANEL_BYTES // (planes * columns * 4)) if row_end - row_begin > 1 else words
    for word in range(0, words, panel_words):
        length = min(panel_words, words - word)
        for j in range(column_begin, column_end):
            for i in range(row_begin, row_end):
                emit_tapped_tile(
                    tile,
                    address(packed, 0),
                    address(pixels, i * rows),
                    address(taps, word),
                    address(weights, (j * words + word) * planes * columns),
                    length,
                    address(x_term, i * rows),
                    address(y_term, j * columns),
                    word == 0,
                    address(c, i * rows * stride + j * columns),
                    stride,
                )


@compiled()
def layer_serial(
    tile: Any, image: Any, packed: Any, bounds: Any, filler: Any, padding: Any, pixels: Any, taps: Any, weights: Any,
    x_term: Any, y_term: Any, counts: Any, per_bit: Any, c: Any, quantises: Any, multiplies: Any, loops: Any,
) -> None:  # fmt: skip
    for _ in range(loops):
        if quantises:
            _quantise_rows(tile, image, packed, bounds, filler, padding, 0, image.shape[0] * image.shape[1])
        if multiplies:
            if per_bit.size > 0:
                count_windows(packed, pixels, taps, x_term, counts, per_bit)
            tiles = pixels.shape[0] // tile_rows(tile)
            _multiply_tiles(tile, packed, pixels, taps, weights, x_term, y_term, c, 0, tiles, 0, weights.shape[0])
        barrier()


@compiled(parallel=True)
def layer_parallel(
    tile: Any, image: Any, packed: Any, bounds: Any, filler: Any, padding: Any, pixels: Any, taps: Any, weights: Any,
    x_term: Any, y_term: Any, counts: Any, per_bit: Any, c: Any, quantises: Any, multiplies: Any, loops: Any, threads:
    Any,
) -> None:  # fmt: skip
    image_rows, tiles = image.shape[0] * image.shape[1], pixels.shape[0] // tile_rows(tile)
    for _ in range(loops):
        if quantises:
            for thread in prange(threads):
                begin, end = thread * image_rows // threads, (thread + 1) * image_rows // threads
                _quantise_rows(tile, image, packed, bounds, filler, padding, begin, end)
        if multiplies:
            if per_bit.size > 0:
                count_windows_parallel(packed, pixels, taps, x_term, counts, per_bit, threads)
            for thread in prange(threads):
                share = share_of(np.int64(thread), threads, tiles, weights.shape[0])
                _multiply_tiles(tile, packed, pixels, taps, weights, x_term, y_term, c, *share)
        barrier()


@compiled()
def _fuse_rows(
    tile: Any, packed: Any, pixels: Any, taps: Any, weights: Any, x_term: Any, y_term: Any, thresholds: Any, out: Any,
    targets: Any, begin: Any, end: Any,
) -> None:  # fmt: skip
    """As :func:`_multiply_tiles`, into the next layer's packed image."""
    words, planes, columns = weights.shape[1], weights.shape[2], weights.shape[3]
    rows = tile_rows(tile)
    for j in range(weights.shape[0]):
        for i in range(begin, end):
            emit_fused_tile(
                tile,
                address(packed, 0),
                address(pixels, i * rows),
                address(taps, 0),
                address(weights, j * words * planes * columns),
                words,
                address(x_term, i * rows),
                address(y_term, j * columns),
                address(thresholds, j * columns),
                thresholds.shape[1],
                address(out, 0),
                address(targets, i * rows),
                j * columns,
            )


@compiled()
def fused_serial(
    tile: Any, packed: Any, pixels: Any, taps: Any, weights: Any, x_term: Any, y_term: Any, counts: Any, per_bit: Any,
    thresholds: Any, out: Any, targets: Any, loops: Any,
) -> None:  # fmt: skip
    for _ in range(loops):
        if per_bit.size > 0:
            count_windows(packed, pixels, taps, x_term, counts, per_bit)
        tiles = pixels.shape[0] // tile_rows(tile)
        _fuse_rows(tile, packed, pixels, taps, weights, x_term, y_term, thresholds, out, targets, 0, tiles)
        barrier()


@compiled(parallel=True)
def fused_parallel(
    tile: Any, packed: Any, pixels: Any, taps: Any, weights: Any, x_term: Any, y_term: Any, counts: Any, per_bit: Any,
    thresholds: Any, out: Any, targets: Any, loops: Any, threads: Any,
) -> None:  # fmt: skip
    tiles = pixels.shape[0] // tile_rows(tile)
    for _ in range(loops):
        if per_bit.size > 0:
            count_windows_parallel(packed, pixels, taps, x_term, counts, per_bit, threads)
        for thread in prange(threads):
            begin, end = thread * tiles // threads, (thread + 1) * tiles // threads
            _fuse_rows(tile, packed, pixels, taps, weights, x_term, y_term, thresholds, out, targets, begin, end)
        barrier()
