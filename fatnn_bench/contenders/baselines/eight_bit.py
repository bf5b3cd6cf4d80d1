"""What the int8 layers of other libraries have in common: static scales, 8 bits in and out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.workload.quantisation import quantised
from fatnn_kernels.product import INT8_VALUES, Domain
from fatnn_kernels.target import current_target

#: Without VNNI, libraries multiply by ``pmaddubsw``, whose pairs of u8 × s8 saturate at 16 bits: two products of
#: 255 · 127 do, two of 255 · 64 cannot. For such machines they advise weights of 7 bits ("reduce_range").
SEVEN_BITS = Domain("the whole numbers from -64 to 63", -64, 63)


def weight_domain() -> Domain:
    """The weights with which these libraries compute the right result on this machine."""
    return SEVEN_BITS if current_target().int8_dot == "pairs" else INT8_VALUES


def unsigned(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The quantised image with zero at 128."""
    return (quantised(image, INT8_VALUES).astype(np.int16) + 128).astype(np.uint8)


def output_scale(right: NDArray[Any]) -> float:
    """The step of an 8-bit output that holds every sum."""
    return max(1.0, float(np.abs(right).max()) / 127)


def tolerance(scale: float) -> float:
    """A requantised output may be off by half a step, and by a whole one where it lies on the border of two."""
    return 1.01 * scale
