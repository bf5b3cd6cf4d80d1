"""The operations a ``step`` may use beside ``& | ^ ~ + -``, on whatever its operands are.

NumPy arrays and scalars are computed here. Anything else (a SIMD vector under construction, say) brings its own method
of that name; in CUDA code, :mod:`fatnn_kernels.cuda.instructions` takes their place.
"""

from typing import Any

import numpy as np

_NUMPY = (np.ndarray, np.generic)


def popcount(bits: Any) -> Any:
    """Number of one-bits in each word."""
    return np.bitwise_count(bits) if isinstance(bits, _NUMPY) else bits.popcount()


def multiply_add(acc: Any, x: Any, y: Any) -> Any:
    """acc + x·y, where x and y are words that hold one float32 each."""
    if isinstance(x, _NUMPY):
        return acc + x.view(np.float32) * y.view(np.float32)
    return x.multiply_add(acc, y)


def dot_pairs(acc: Any, x: Any, y: Any) -> Any:
    """acc + x₀y₀ + x₁y₁, where x and y are words of two int16."""
    if isinstance(x, _NUMPY):
        return acc + (_parts(x, np.int16) * _parts(y, np.int16)).sum(-1, dtype=np.int32)
    return x.dot_pairs(acc, y)


def dot_quads(acc: Any, x: Any, y: Any) -> Any:
    """acc + Σ xᵢyᵢ over the four bytes of a word: x unsigned, y signed."""
    if isinstance(x, _NUMPY):
        return acc + (_parts(x, np.uint8) * _parts(y, np.int8)).sum(-1, dtype=np.int32)
    return x.dot_quads(acc, y)


def dot_signed_quads(acc: Any, x: Any, y: Any) -> Any:
    """acc + Σ xᵢyᵢ over the four bytes of a word, both signed."""
    if isinstance(x, _NUMPY):
        return acc + (_parts(x, np.int8) * _parts(y, np.int8)).sum(-1, dtype=np.int32)
    return x.dot_signed_quads(acc, y)


def _parts(words: Any, dtype: Any) -> Any:
    """Words [...] -> their parts [..., 4 / size of dtype] as int32."""
    return np.asarray(words, order="C")[..., None].view(dtype).astype(np.int32)
