"""int8: x, y ∈ {−128 … 127}, accumulated in int32. What a word holds depends on the instruction the target has.

- ``unsigned quads`` (VNNI, ``vpdpbusd``): four bytes, x unsigned and y signed. x is stored as x + 128, so
  x·y = Σ (xₖ + 128) yₖ − 128 Σ yₖ; the last sum depends on y alone and is taken when y is packed.
- ``signed quads`` (Arm, ``sdot``): four signed bytes.
- ``pairs`` (any SIMD machine, ``pmaddwd`` on x86): two values widened to int16.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.codec import as_words
from fatnn_kernels.operations import dot_pairs, dot_quads, dot_signed_quads
from fatnn_kernels.product import INT8_VALUES, Cost, Planes, Product, Words, no_term


def encode_pairs(values: NDArray[Any]) -> Words:
    """[R, K] -> words of two int16."""
    return as_words(values.astype(np.int16))[None]


def encode_signed(values: NDArray[Any]) -> Words:
    """[R, K] -> words of four int8."""
    return as_words(values.astype(np.int8))[None]


def encode_offset(values: NDArray[Any]) -> Words:
    """[R, K] -> words of four uint8 that hold x + 128."""
    return as_words((values.astype(np.int16) + 128).astype(np.uint8))[None]


def offset_term(y: NDArray[Any]) -> NDArray[np.int32]:
    """−128 Σ yₖ: takes the offset of x out again."""
    total: NDArray[np.int32] = y.astype(np.int32).sum(axis=1, dtype=np.int32)
    return -128 * total


def step_pairs(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    return (dot_pairs(acc[0], x[0], y[0]),)


def step_signed(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    return (dot_signed_quads(acc[0], x[0], y[0]),)


def step_offset(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    return (dot_quads(acc[0], x[0], y[0]),)


def finish(acc: Any, n: Any) -> Any:
    return n + acc[0]


_PAIRS = Product(
    name="int8",
    x_domain=INT8_VALUES,
    y_domain=INT8_VALUES,
    encode_x=encode_pairs,
    encode_y=encode_pairs,
    step=step_pairs,
    finish=finish,
    x_planes=1,
    y_planes=1,
    accumulators=1,
    values_per_word=2,
    cost=Cost(multiply_adds=1, adds=1),
    max_k=np.iinfo(np.int32).max // 128**2,
    accumulate="int32",
    y_term=no_term,
)
_QUADS = replace(_PAIRS, values_per_word=4, cost=Cost(multiply_adds=1))

#: The int8 product by the dot instruction it is made for; the target names the one to use.
INT8_BY_DOT = {
    "pairs": _PAIRS,
    "signed quads": replace(_QUADS, encode_x=encode_signed, encode_y=encode_signed, step=step_signed),
    "unsigned quads": replace(
        _QUADS, encode_x=encode_offset, encode_y=encode_signed, step=step_offset, y_term=offset_term
    ),
}
