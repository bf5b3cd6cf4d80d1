"""The compiled loops that count the one-bits of an image's windows: what they add to n, where a product has such."""

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from fatnn_kernels.intrinsics import flat_item, popcount_word
from fatnn_kernels.jit import compiled


class Windows(NamedTuple):
    """The windows of an image, and what their one-bits are worth."""

    image: NDArray[np.uint32]  #: [batch, padded height, padded width, words, planes]
    pixels: NDArray[np.int64]  #: [rows], the pixel that the window of each row begins with
    taps: NDArray[np.int64]  #: the pixels of a window, counted from there
    per_bit: NDArray[np.int32]  #: [bits], what each one-bit adds, by its place in a value
    masks: NDArray[np.uint32]  #: [bits, planes], where a plane's words have those
    counts: NDArray[np.int32]  #: room for what the bits of each pixel of the image add
    x_term: NDArray[np.int32]  #: [rows], the result: what those of each window add


@compiled()
def count_windows(windows: Windows) -> None:
    """x_term: the one-bits of each window, each worth what ``per_bit`` says, summed from the counts of its pixels."""
    _count_pixels(windows, 0, windows.counts.shape[0])
    _sum_windows(windows, 0, windows.x_term.shape[0])


@compiled()
def count_windows_parallel(windows: Windows, threads: int) -> None:
    """The same; in two functions, as Numba would make one loop of two that stand side by side."""
    _count_pixels_parallel(windows, threads)
    _sum_windows_parallel(windows, threads)


@compiled(parallel=True)
def _count_pixels_parallel(windows: Windows, threads: int) -> None:
    pixels = windows.counts.shape[0]
    for thread in prange(threads):
        _count_pixels(windows, thread * pixels // threads, (thread + 1) * pixels // threads)


@compiled(parallel=True)
def _sum_windows_parallel(windows: Windows, threads: int) -> None:
    rows = windows.x_term.shape[0]
    for thread in prange(threads):
        _sum_windows(windows, thread * rows // threads, (thread + 1) * rows // threads)


@compiled()
def _count_pixels(windows: Windows, begin: int, end: int) -> None:
    """What the one-bits of the pixels [begin, end) are worth."""
    image, per_bit, masks, counts = windows.image, windows.per_bit, windows.masks, windows.counts
    words, planes = image.shape[3], image.shape[4]
    for pixel in range(begin, end):
        count = 0
        for bit in range(per_bit.shape[0]):
            for plane in range(planes):
                mask = masks[bit, plane]
                if per_bit[bit] != 0 and mask != 0:
                    ones = 0
                    for word in range(words):
                        ones += popcount_word(flat_item(image, (pixel * words + word) * planes + plane) & mask)
                    count += per_bit[bit] * ones
        counts[pixel] = count


@compiled()
def _sum_windows(windows: Windows, begin: int, end: int) -> None:
    """The windows [begin, end), from the counts of their pixels."""
    pixels, taps, counts, x_term = windows.pixels, windows.taps, windows.counts, windows.x_term
    for m in range(begin, end):
        total = 0
        for tap in range(taps.shape[0]):
            total += flat_item(counts, pixels[m] + taps[tap])
        x_term[m] = total
