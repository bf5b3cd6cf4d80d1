"""Pooling: the largest of each window, of float32 images and of bit-planes."""

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.intrinsics import barrier
from fatnn_kernels.jit import compiled


@compiled()
def max_pool(
    image: NDArray[np.float32], out: NDArray[np.float32], size: int, stride: int, padding: int, loops: int
) -> None:
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
    image: NDArray[np.uint32],
    out: NDArray[np.uint32],
    alone: NDArray[np.uint32],
    pairs: bool,
    size: int,
    stride: int,
    padding: int,
    out_padding: int,
    loops: int,
) -> None:
    """The same on packed levels [batch, height, width, words, planes], a word of each plane at a time.

    ``alone`` [levels, planes] are the words of a level and no other; ``pairs`` tells that two bits of a word are of one
    value. ``out`` has a border of ``out_padding``, which is left as it is.
    """
    height, width, words, planes = image.shape[1], image.shape[2], image.shape[3], image.shape[4]
    levels = alone.shape[0]
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
                                        same &= ~(image[b, row, column, word, plane] ^ alone[level, plane])
                                    if pairs:
                                        both = same & same >> np.uint32(1) & np.uint32(0x55555555)
                                        same = both | both << np.uint32(1)
                                    reached[level] |= same
                        for plane in range(planes):
                            out[b, y + out_padding, x + out_padding, word, plane] = 0
                        above = np.uint32(0)
                        for level in range(levels - 1, -1, -1):
                            chosen = reached[level] & ~above
                            above |= chosen
                            for plane in range(planes):
                                out[b, y + out_padding, x + out_padding, word, plane] |= chosen & alone[level, plane]
        barrier()
