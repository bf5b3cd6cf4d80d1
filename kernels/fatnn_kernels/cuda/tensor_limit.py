"""What the tensor cores can do: ANDs and popcounts of fragments that stay in registers, and nothing else.

MAC/s = fragments' products/s · 16 · 8 · 256 / ANDs of a step
"""

from functools import cache
from typing import Any

import numpy as np
from numba import cuda, int32, uint32

from fatnn_kernels.and_popcounts import AndPopcounts
from fatnn_kernels.cuda.device import multiprocessors
from fatnn_kernels.cuda.tensor_instructions import add_and_popcounts
from fatnn_kernels.cuda.tensor_tile import FRAGMENT_COLUMNS, FRAGMENT_ROWS, SLICE, WARP
from fatnn_kernels.product import Product

#: Passes of a call: enough that the beginning and the end do not count.
PASSES = 2048
#: Products of a pass that wait for none of each other, more than are under way at once.
CHAINS = 8
#: Products of each chain in a pass of the loop, whose own instructions are not to count.
UNROLLED = 4
#: Threads of a block, and blocks on a multiprocessor.
THREADS, BLOCKS = 256, 4


class TensorLoop:
    """The limit of products by tensor cores, as :class:`fatnn_kernels.cuda.limit.RegisterLoop` is of the others."""

    def __init__(self, product: Product) -> None:
        assert isinstance(product.step, AndPopcounts)
        self._kernel, self._blocks = _register_kernel(), BLOCKS * multiprocessors()
        self._sums = cuda.device_array(self._blocks * THREADS, np.int32)
        fragments = self._blocks * THREADS // WARP * PASSES * UNROLLED * CHAINS // len(product.step.weights)
        #: multiply-accumulates of a call
        self.macs = fragments * FRAGMENT_ROWS * FRAGMENT_COLUMNS * SLICE * 32

    def enqueue(self, stream: Any = 0) -> None:
        """Run the loop once, when the stream comes to it."""
        self._kernel[self._blocks, THREADS, stream](self._sums, PASSES)


@cache
def _register_kernel() -> Any:
    @cuda.jit  # type: ignore[untyped-decorator]
    def kernel(out: Any, passes: Any) -> None:
        sums = cuda.local.array((CHAINS, 4), int32)
        at = cuda.grid(1)
        word = uint32(at)
        for chain in range(CHAINS):
            for e in range(4):
                sums[chain, e] = chain + e  # what begins alike may be computed once
        for _ in range(passes):
            for _ in range(UNROLLED):
                for chain in range(CHAINS):
                    new = add_and_popcounts(
                        sums[chain, 0], sums[chain, 1], sums[chain, 2], sums[chain, 3],
                        word, word, word, word, word, word,
                    )  # fmt: skip
                    sums[chain, 0], sums[chain, 1], sums[chain, 2], sums[chain, 3] = new
        total = sums[0, 0]
        for chain in range(CHAINS):
            for e in range(4):
                total += sums[chain, e]
        out[at] = total

    return kernel
