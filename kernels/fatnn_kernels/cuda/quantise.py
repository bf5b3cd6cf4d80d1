"""Floats of an image become planes of words: a warp takes a pixel, 32 channels at a time, and votes on their bits.

What the bits of x add to n is counted on the way, a number a pixel, and then summed over the pixels of each window.
"""

from functools import cache
from typing import Any

from numba import config, cuda, int32

from fatnn_kernels.bit_code import BitCode
from fatnn_kernels.cuda.kernel import ITEMS, on_device
from fatnn_kernels.cuda.tensor_fragments import WORDS
from fatnn_kernels.cuda.tensor_tile import WARP
from fatnn_kernels.product import Product

if not config.ENABLE_CUDASIM:  # which has no warps

    @cuda.jit(device=True)  # type: ignore[untyped-decorator]
    def vote(bit: Any) -> Any:
        """A word of the bits of a warp's lanes, lane 0 the lowest."""
        return cuda.ballot_sync(0xFFFFFFFF, bit)


#: Threads of a block.
THREADS = 256


@cache
def quantise_kernel(product: Product) -> Any:
    """The kernel: ``kernel[blocks, THREADS](image, bounds, packed, worth, padding, plane_words)``, a warp a pixel.

    image is float32 [batch, height, width, channels]; bounds hold the least float of each level but the lowest; packed
    is flat uint32, [pixel][plane][plane_words], of an image with a border of so much ``padding``, which is left as it
    is; worth is int32 [pixels with the border]: what the bits of each pixel add to n.
    """
    codec = product.x.codec
    assert isinstance(codec, BitCode)
    masks, planes, count = on_device(codec.masks), codec.planes, codec.bounds
    of_levels, as_words = on_device(ITEMS[count]), on_device(WORDS[planes])
    each_bit = product.x.per_bit or (0,) * planes

    @cuda.jit  # type: ignore[untyped-decorator]
    def kernel(image: Any, bounds: Any, packed: Any, worth: Any, padding: Any, plane_words: Any) -> None:
        batch, height, width, channels = image.shape
        reached = cuda.local.array((count, 1, 1), int32)
        lane, pixel = cuda.threadIdx.x % WARP, cuda.grid(1) // WARP
        if pixel < batch * height * width:
            row, column = pixel // width, pixel % width  # rows of all images
            above = padding * (1 + 2 * (row // height))
            target = (row + above) * (width + 2 * padding) + column + padding
            total = 0
            for word in range((channels + WARP - 1) // WARP):
                channel = word * WARP + lane
                inside = channel < channels
                value = image[row // height, row % height, column, channel if inside else 0]
                for level in range(count):
                    reached[level, 0, 0] = -1 if value >= bounds[level] else 0
                bits = as_words(masks(of_levels(reached, 0, 0)))
                for plane in range(planes):
                    voted = vote(inside and bits[plane] != 0)
                    total += each_bit[plane] * cuda.popc(voted)
                    if lane == plane:
                        packed[(target * planes + plane) * plane_words + word] = voted
            if lane == 0:
                worth[target] = total

    return kernel


@cuda.jit  # type: ignore[untyped-decorator]
def window_terms(worth: Any, windows: Any, taps: Any, x_term: Any) -> None:
    """The kernel, a thread a row: ``x_term[m]`` is the sum of ``worth[windows[m] + taps]``."""
    row = cuda.grid(1)
    if row < x_term.size:
        total = 0
        for tap in range(taps.size):
            total += worth[windows[row] + taps[tap]]
        x_term[row] = total
