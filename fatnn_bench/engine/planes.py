"""Weights of few levels as bit-planes of the levels' indices, as files hold them."""

import math

import numpy as np
from numpy.typing import NDArray

#: The most weights of one operation: seven times those of the largest convolution of ResNet-50.
MAX_WEIGHTS = 2**24


def plane_count(levels: tuple[int, ...]) -> int:
    """Bits that hold the index of a level."""
    return (len(levels) - 1).bit_length()


def as_planes(weight: NDArray[np.int8], levels: tuple[int, ...]) -> NDArray[np.uint8]:
    """Levels [N, …] -> bits of their indices [planes, N, ⌈K/8⌉], bit 0 of byte 0 first. Plane i holds bit i."""
    index = np.searchsorted(levels, weight.reshape(len(weight), -1))
    return np.stack([np.packbits(index >> i & 1, axis=1, bitorder="little") for i in range(plane_count(levels))])


def from_planes(planes: NDArray[np.uint8], levels: tuple[int, ...], shape: tuple[int, ...]) -> NDArray[np.int8]:
    """The inverse of :func:`as_planes`.

    Raises
    ------
    ValueError
        For planes that do not fit the shape or the levels, and for more than MAX_WEIGHTS weights.
    """
    if len(shape) != 4 or min(shape) < 1 or math.prod(shape) > MAX_WEIGHTS:
        raise ValueError(f"weights of shape {shape}, expected four sizes whose product is at most {MAX_WEIGHTS}")
    k = math.prod(shape[1:])
    expected = (plane_count(levels), shape[0], -(-k // 8))
    if planes.shape != expected or planes.dtype != np.uint8:
        raise ValueError(f"bit-planes are {planes.dtype} of shape {planes.shape}, expected uint8 of {expected}")
    index = np.zeros((shape[0], k), np.uint8)
    for i, plane in enumerate(planes):
        index |= np.unpackbits(plane, axis=1, count=k, bitorder="little") << np.uint8(i)
    if index.max() >= len(levels):
        raise ValueError(f"a weight has level {index.max()} of {len(levels)}")
    weight: NDArray[np.int8] = np.asarray(levels, np.int8)[index].reshape(shape)
    return weight
