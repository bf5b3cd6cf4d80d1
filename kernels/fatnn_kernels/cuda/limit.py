"""What the GPU can do: the rate of a product's own instructions on registers, and nothing else.

It is that of the slowest unit. A popcount is what the bitwise products have most of, where a multiprocessor has the
fewest units: 16 a clock of compute capability 6 to 9, so that

    MAC/s = multiprocessors · 16 · clock · 32 / popcounts of a step
"""

from functools import cache
from typing import Any

import numpy as np
from numba import cuda, uint32

from fatnn_kernels.cuda.device import multiprocessors
from fatnn_kernels.cuda.kernel import ITEMS, on_device, sum_types
from fatnn_kernels.cuda.tensor_limit import TensorLoop
from fatnn_kernels.product import Product

#: Words of a call: enough that the beginning and the end do not count.
WORDS = 8192
#: Words of a pass of the loop, whose own instructions are not to count.
UNROLLED = 4
#: Results of a thread, threads of a block, and blocks on a multiprocessor: warps enough that none is waited for.
ROWS, COLUMNS = 4, 4
THREADS, BLOCKS = 256, 4


class RegisterLoop:
    """A product's step over :data:`WORDS` words of x and y that stay in registers, on every multiprocessor.

    The quotient of its ``macs`` and the time of a call is the limit of every kernel made of this step.
    """

    def __init__(self, product: Product) -> None:
        self._kernel = _register_kernel(product)
        self._blocks = BLOCKS * multiprocessors()
        self._sums = cuda.device_array(self._blocks * THREADS, product.dtype)
        #: multiply-accumulates of a call
        self.macs = self._blocks * THREADS * ROWS * COLUMNS * WORDS * product.values_per_step

    def enqueue(self, stream: Any = 0) -> None:
        """Run the loop once, when the stream comes to it."""
        self._kernel[self._blocks, THREADS, stream](self._sums, np.uint32(0x3F800000), WORDS)  # 1.0, if it is a float


def register_loop(product: Product) -> RegisterLoop | TensorLoop:
    """The loop at the limit of a product: of tensor cores where it is for them."""
    return TensorLoop(product) if product.way == "tensor" else RegisterLoop(product)


@cache
def _register_kernel(product: Product) -> Any:
    x_words, y_words, accumulators = product.words("x"), product.words("y"), product.accumulators
    sum_type, _ = sum_types(product)
    step = on_device(product.step)
    of_x, of_y, of_sums = (on_device(ITEMS[count]) for count in (x_words, y_words, accumulators))
    sums_shape, x_shape, y_shape = (accumulators, ROWS, COLUMNS), (x_words, ROWS, 1), (y_words, 1, COLUMNS)
    # a sum of multiply-adds cannot be foreseen, but the same popcount need not be taken twice: x has to change
    changing = product.way == "popcount"

    @cuda.jit  # type: ignore[untyped-decorator]
    def kernel(out: Any, start: Any, words: Any) -> None:
        sums = cuda.local.array(sums_shape, sum_type)
        x, y = cuda.local.array(x_shape, uint32), cuda.local.array(y_shape, uint32)
        at = cuda.grid(1)
        for a in range(accumulators):
            for i in range(ROWS):
                for j in range(COLUMNS):
                    sums[a, i, j] = 0
        for word in range(x_words):
            for i in range(ROWS):
                x[word, i, 0] = start * (word + 1) + i
        for word in range(y_words):
            for j in range(COLUMNS):
                y[word, 0, j] = start * (word + 1) + at + j
        for _ in range(words // UNROLLED):
            for _ in range(UNROLLED):
                for i in range(ROWS):
                    if changing:
                        for word in range(x_words):
                            x[word, i, 0] += start + word
                    for j in range(COLUMNS):
                        new = step(of_sums(sums, i, j), of_x(x, i, 0), of_y(y, 0, j))
                        for a in range(accumulators):
                            sums[a, i, j] = new[a]
        total = sums[0, 0, 0]
        for a in range(accumulators):
            for i in range(ROWS):
                for j in range(COLUMNS):
                    total += sums[a, i, j]
        out[at] = total

    return kernel
