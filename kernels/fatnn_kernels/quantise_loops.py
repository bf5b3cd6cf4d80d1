"""The compiled loop that quantises and packs an image for a convolution."""

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from fatnn_kernels.intrinsics import TypedTile, address, emit_quantiser, flat_item, quantised_words, set_flat_item
from fatnn_kernels.jit import compiled
from fatnn_kernels.quantise import CHUNK


class Quantising(NamedTuple):
    """A float32 image, and the packed image that it becomes."""

    image: NDArray[np.float32]  #: [batch, height, width, channels]
    packed: NDArray[np.uint32]  #: [batch, padded height, padded width, words, planes]; the border stays as it is
    bounds: NDArray[np.float32]  #: how a float becomes a value
    filler: np.float32  #: what fills up the channels of a pixel
    padding: int


@compiled()
def quantise(tile: TypedTile, quantising: Quantising) -> None:
    """All rows of all images."""
    _quantise_rows(tile, quantising, 0, quantising.image.shape[0] * quantising.image.shape[1])


@compiled(parallel=True)
def quantise_parallel(tile: TypedTile, quantising: Quantising, threads: int) -> None:
    """The same; each thread has rows of its own."""
    rows = quantising.image.shape[0] * quantising.image.shape[1]
    for thread in prange(threads):
        _quantise_rows(tile, quantising, thread * rows // threads, (thread + 1) * rows // threads)


@compiled()
def _quantise_rows(tile: TypedTile, quantising: Quantising, begin: int, end: int) -> None:
    """The rows [begin, end) of all images, counted through the batch."""
    image, packed, bounds, filler, padding = quantising
    height, width, channels = image.shape[1], image.shape[2], image.shape[3]
    pixel_words = packed.shape[3] * packed.shape[4]
    whole = channels // CHUNK
    tail = channels - whole * CHUNK
    chunk_words = quantised_words(tile)
    values, words = np.full(CHUNK, filler), np.empty(chunk_words, np.uint32)
    for row in range(begin, end):
        source = row * width * channels
        target = ((row // height * packed.shape[1] + row % height + padding) * packed.shape[2] + padding) * pixel_words
        if tail == 0 and pixel_words == whole * chunk_words:
            emit_quantiser(tile, address(image, source), address(packed, target), address(bounds, 0), width * whole)
            continue
        for _ in range(width):
            if whole > 0:
                emit_quantiser(tile, address(image, source), address(packed, target), address(bounds, 0), whole)
            if tail > 0:
                for i in range(tail):
                    values[i] = flat_item(image, source + whole * CHUNK + i)
                emit_quantiser(tile, address(values, 0), address(words, 0), address(bounds, 0), 1)
                for i in range(min(chunk_words, pixel_words - whole * chunk_words)):
                    set_flat_item(packed, target + whole * chunk_words + i, words[i])
            source += channels
            target += pixel_words
