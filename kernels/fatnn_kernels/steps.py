"""The steps of a whole network, ready to call: arguments in place, types resolved once.

A step is a function of ``loops``, how often to do it. Numba finds the machine code for a call by the types of its
arguments, and some twenty of them take longer to look at than a small layer takes to compute. Here that is done when a
step is made.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.checks import check_count, check_memory, check_output, check_values, check_written
from fatnn_kernels.codec import Codec
from fatnn_kernels.convolution import Convolution
from fatnn_kernels.driver import use_threads
from fatnn_kernels.ends import classify, pack_pixels
from fatnn_kernels.epilogue import Activations
from fatnn_kernels.gemm_loops import Work, run_parallel, run_serial
from fatnn_kernels.pooling import max_pool, max_pool_levels

Step: TypeAlias = Callable[[int], None]


def quantise(convolution: Convolution, image: NDArray[np.float32], packed: NDArray[np.uint32], threads: int) -> Step:
    """Quantise and pack a float32 image [batch, height, width, in_channels] for a convolution."""
    return _tiled(convolution.quantise_work(image, packed), threads)


def levels(
    convolution: Convolution,
    packed: NDArray[np.uint32],
    thresholds: NDArray[np.int32],
    out: NDArray[np.uint32],
    padding: int,
    threads: int,
) -> Step:
    """A convolution whose sums become the next one's packed image; see :meth:`Convolution.fused`."""
    return _tiled(convolution.fused_work(packed, thresholds, out, padding), threads)


def activations(
    convolution: Convolution,
    packed: NDArray[np.uint32],
    affine: NDArray[np.float32],
    skip: NDArray[np.float32] | None,
    relu: bool,
    out: NDArray[np.float32],
    threads: int,
) -> Step:
    """A convolution whose sums become float32 activations; see :class:`fatnn_kernels.epilogue.StoreActivations`.

    Parameters
    ----------
    affine
        [3, out_channels]: scale, factor and offset.
    skip
        Added, if given; of the shape of ``out``.
    out
        [batch, out_height, out_width, out_channels].

    Raises
    ------
    ValueError
        A shape that does not fit, or channels that do not fill whole tiles; the message names it.
    """
    g, columns = convolution.geometry, convolution.tile.columns
    if g.out_channels % columns:
        raise ValueError(
            f"{convolution.product.name}: {g.out_channels} output channels; expected a multiple of {columns}"
        )
    shape = (g.batch, g.out_height, g.out_width, g.out_channels)
    name = convolution.product.name
    convolution.check_packed(packed)
    check_memory(name, "affine", affine, (3, g.out_channels), np.float32)
    inputs = [packed, affine]
    if skip is not None:
        check_memory(name, "skip", skip, shape, np.float32)
        inputs.append(skip)
    check_output(name, "out", out, shape, np.float32, *inputs)
    store = Activations(
        *convolution.terms,
        affine,
        np.float32(0 if relu else -np.inf),
        np.empty((0, 0, 0, 0), np.float32) if skip is None else skip,
        out,
        convolution.targets(pixel_items=g.out_channels),
    )
    return _tiled(convolution.work(packed, store), threads)


def pixels(convolution: Convolution, image: NDArray[np.uint8], packed: NDArray[np.uint32]) -> Step:
    """Pack an image of bytes [batch, height, width, channels] for an int8 convolution, whose x are pixels − 128."""
    g, name, codec = convolution.geometry, convolution.product.name, convolution.product.x.codec
    if codec.item.kind not in "iu":
        raise ValueError(f"{name} takes no pixels; expected a convolution in int8")
    check_values(name, "the image of pixels", image, (g.batch, g.height, g.width, g.in_channels), np.uint8)
    convolution.check_packed(packed)
    check_written(name, "the packed image", packed, image)
    items = packed.view(codec.item).reshape(*packed.shape[:3], -1)
    return _bound(pack_pixels, (image, items, 128 - codec.zero, g.padding))


def pooled(image: NDArray[np.float32], out: NDArray[np.float32], size: int, stride: int, padding: int) -> Step:
    """The largest of each window, both images [batch, height, width, channels]; what does not fit raises ValueError."""
    shape = _pooled_shape(image, 4, size, stride, padding)
    check_values("pooled", "the image", image, image.shape, np.float32)
    check_values("pooled", "out", out, shape, np.float32)
    check_written("pooled", "out", out, image)
    return _bound(max_pool, (image, out, size, stride, padding))


def pooled_levels(
    code: Codec,
    image: NDArray[np.uint32],
    out: NDArray[np.uint32],
    size: int,
    stride: int,
    padding: int,
    out_padding: int,
) -> Step:
    """The same of packed levels [batch, height, width, words, planes], into the next convolution's packed image."""
    check_count("out_padding", out_padding, 0)
    batch, height, width, words, _ = _pooled_shape(image, 5, size, stride, padding)
    pairs = len(code.bit_masks) > code.planes
    check_values("pooled levels", "the image", image, (*image.shape[:4], code.planes), np.uint32)
    shape = (batch, height + 2 * out_padding, width + 2 * out_padding, words, code.planes)
    check_values("pooled levels", "out", out, shape, np.uint32)
    check_written("pooled levels", "out", out, image)
    return _bound(max_pool_levels, (image, out, code.level_words, pairs, size, stride, padding, out_padding))


def classified(
    image: NDArray[np.float32], weights: NDArray[np.float32], bias: NDArray[np.float32], logits: NDArray[np.float32]
) -> Step:
    """The mean pixel times weights [classes, channels], plus bias, into logits [batch, classes]."""
    if not isinstance(image, np.ndarray) or image.ndim != 4 or 0 in image.shape or not isinstance(bias, np.ndarray):
        raise ValueError("classified: expected an image [batch, height, width, channels] and a bias [classes]")
    classes, channels = bias.size, image.shape[3]
    check_values("classified", "the image", image, image.shape, np.float32)
    check_values("classified", "weights", weights, (classes, channels), np.float32)
    check_values("classified", "bias", bias, (classes,), np.float32)
    check_values("classified", "logits", logits, (len(image), classes), np.float32)
    check_written("classified", "logits", logits, image, bias)
    by_channel = np.ascontiguousarray(weights.T)
    return _bound(classify, (image, by_channel, bias, np.empty(len(bias), np.float64), logits))


def _pooled_shape(image: Any, dimensions: int, size: int, stride: int, padding: int) -> tuple[int, ...]:
    """The shape of what is left of an image by windows, none of which lies in the padding alone."""
    if not isinstance(image, np.ndarray) or image.ndim != dimensions or 0 in image.shape:
        raise ValueError(f"pooled: expected an image of {dimensions} dimensions, none of them 0")
    for what, count, least in (("size", size, 1), ("stride", stride, 1), ("padding", padding, 0)):
        check_count(what, count, least)
    if padding >= size or size > min(image.shape[1:3]) + 2 * padding:
        raise ValueError(
            f"pooled: windows of {size} with a padding of {padding} do not fit an image of shape {image.shape}"
        )
    height, width = ((side + 2 * padding - size) // stride + 1 for side in image.shape[1:3])
    return image.shape[0], height, width, *image.shape[3:]


def _tiled(work: Work, threads: int) -> Step:
    """The loops over tiles, bound."""
    return _bound(run_parallel, work.on(threads)) if use_threads(threads) else _bound(run_serial, work)


def _bound(function: Any, arguments: tuple[Any, ...]) -> Step:
    """The machine code for these arguments, and the call of it."""
    signature = tuple(numba.typeof(argument) for argument in (*arguments, 1))
    function.compile(signature)
    entry = function.get_overload(signature)

    def step(loops: int) -> None:
        entry(*arguments, loops)

    return step
