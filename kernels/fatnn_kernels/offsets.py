"""Where the words of a convolution's images lie: its windows, the taps of a window, and the pixels of its result."""

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.geometry import Geometry


def tap_offsets(geometry: Geometry, pixel: int, within: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where what each tap reads lies, [kernel · kernel · len(within)], from the first pixel of a window on.

    A pixel has so many items, of which ``within`` says where a tap's steps begin.
    """
    row, column = np.indices((geometry.kernel, geometry.kernel)).reshape(2, -1)
    return (((row * geometry.padded_width + column) * pixel)[:, None] + within).ravel()


def window_offsets(geometry: Geometry, pixel: int) -> NDArray[np.int64]:
    """Where the window of each output pixel begins, [pixels], in an image of so many items a pixel."""
    g = geometry
    image, row, column = np.indices((g.batch, g.out_height, g.out_width)).reshape(3, -1)
    return ((image * g.padded_height + row * g.stride) * g.padded_width + column * g.stride) * pixel


def target_offsets(geometry: Geometry, pixel_items: int, padding: int) -> NDArray[np.int64]:
    """Where each output pixel begins, [pixels], in an image of so many items a pixel and such a border."""
    g = geometry
    height, width = g.out_height + 2 * padding, g.out_width + 2 * padding
    image, row, column = np.indices((g.batch, g.out_height, g.out_width)).reshape(3, -1)
    return ((image * height + row + padding) * width + column + padding) * pixel_items


def repeating_last(offsets: NDArray[np.int64], width: int, together: int = 1) -> NDArray[np.int64]:
    """Offsets filled up to whole tiles with the last ones, so many at a time: their pixels are computed again."""
    missing = -len(offsets) % width
    return np.concatenate([offsets, np.resize(offsets[-together:], missing)])


def filled_by_first(offsets: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Offsets filled up to a multiple of ``width`` with the first one, which follows on none: weights are 0 there."""
    return np.pad(offsets, (0, -len(offsets) % width), constant_values=offsets[0])


def lie_evenly(pixels: NDArray[np.int64], taps: NDArray[np.int64], rows: int, words: int) -> bool:
    """Whether each so many pixels are as far apart as any others, and the taps of each so many words side by side."""
    apart = np.diff(pixels.reshape(-1, rows), axis=1)
    return bool((apart == apart.reshape(-1)[:1]).all() and (np.diff(taps.reshape(-1, words), axis=1) == 1).all())
