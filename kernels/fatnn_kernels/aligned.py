"""Arrays that begin with a cache line."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

#: Bytes of a cache line and of the widest register: a load that crosses lines counts as two.
LINE_BYTES = 64


def aligned(shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An uninitialised array in C order whose first item begins a cache line; NumPy's begin anywhere in one."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.empty(size + LINE_BYTES, np.uint8)
    first = -room.ctypes.data % LINE_BYTES
    return room[first : first + size].view(dtype).reshape(shape)
