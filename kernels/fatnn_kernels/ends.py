"""The two ends of a network: its pixels are packed, its classes summed."""

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.intrinsics import barrier
from fatnn_kernels.jit import compiled


@compiled()
def pack_pixels(pixels: NDArray[np.uint8], packed: NDArray[np.integer], offset: int, padding: int, loops: int) -> None:
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
def classify(
    image: NDArray[np.float32],
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    sums: NDArray[np.float64],
    logits: NDArray[np.float32],
    loops: int,
) -> None:
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
