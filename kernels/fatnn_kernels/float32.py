"""float32: the baseline. One plane, a word a value.

x·y = Σₖ xₖ yₖ     K in order, in fused multiply-adds where the CPU has them
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.codec import as_words
from fatnn_kernels.operations import multiply_add
from fatnn_kernels.product import FLOAT32_VALUES, Cost, Planes, Product, Words, no_term


def encode(values: NDArray[Any]) -> Words:
    """[R, K] float32 -> the same bits as words."""
    return as_words(values.astype(np.float32, copy=False))[None]


def step(acc: Any, x: Planes, y: Planes) -> tuple[Any, ...]:
    return (multiply_add(acc[0], x[0], y[0]),)


def finish(acc: Any, n: Any) -> Any:
    return n + acc[0]


FLOAT32 = Product(
    name="float32",
    x_domain=FLOAT32_VALUES,
    y_domain=FLOAT32_VALUES,
    encode_x=encode,
    encode_y=encode,
    step=step,
    finish=finish,
    x_planes=1,
    y_planes=1,
    accumulators=1,
    values_per_word=1,
    cost=Cost(multiply_adds=1),
    max_k=np.iinfo(np.int32).max,
    accumulate="float32",
    y_term=no_term,
)
