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
    pixels: NDArray[np.int64]  #: as of :class:`fatnn_kernels.operands.ImageX`
    taps: NDArray[np.int64]  #: as well
    per_bit: NDArray[np.int32]  #: [planes], what each one-bit adds
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
    image, per_bit, counts = windows.image, windows.per_bit, windows.counts
    words, planes = image.shape[3], image.shape[4]
    for pixel in range(begin, end):
        count = 0
        for plane in range(planes):
            if per_bit[plane] != 0:
                ones = 0
                for word in range(words):
                    ones += popcount_word(flat_item(image, (pixel * words + word) * planes + plane))
                count += per_bit[plane] * ones
        counts[pixel] = count


@compiled()
def _sum_windows(windows: Windows, begin: int, end: int) -> None:
    """The windows [begin, end), from the counts of their pixels."""
    image, pixels, taps, _, counts, x_term = windows
    words = image.shape[3]
    pixel_words = np.uint32(words * image.shape[4])
    steps = np.empty(taps.shape[0] // words, np.int64)  # from the first pixel of a window to each of its pixels
    for tap in range(steps.shape[0]):
        steps[tap] = taps[tap * words] // pixel_words
    for m in range(begin, end):
        first = np.int64(np.uint32(pixels[m]) // pixel_words)  # 32 bits: a division for each tap took most of the time
        total = 0
        for tap in range(steps.shape[0]):
            total += flat_item(counts, first + steps[tap])
        x_term[m] = total
