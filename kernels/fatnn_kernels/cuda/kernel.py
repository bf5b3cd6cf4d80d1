"""The kernel: a tiled GEMM, written once for every product.

x lies as [tile][step][word][row] and y as [tile][step][word][column] (:func:`fatnn_kernels.packing.interleave`), so
that a block copies one stretch of each into shared memory. A thread owns rows and columns in groups of up to four, that
one load brings, and the threads' groups lie beside each other: neighbouring threads read from different banks.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import config, cuda, float32, int32, uint32, uint64

from fatnn_kernels.cuda.tile import CudaTile
from fatnn_kernels.product import Product

if not config.ENABLE_CUDASIM:  # the simulator runs steps as the Python they are
    from fatnn_kernels.cuda import instructions  # noqa: F401

#: The items of one row and column, [count] of [count, rows, columns], as the tuple that a ``step`` takes.
ITEMS: dict[int, Callable[..., Any]] = {
    1: lambda of, i, j: (of[0, i, j],),
    2: lambda of, i, j: (of[0, i, j], of[1, i, j]),
    3: lambda of, i, j: (of[0, i, j], of[1, i, j], of[2, i, j]),
    4: lambda of, i, j: (of[0, i, j], of[1, i, j], of[2, i, j], of[3, i, j]),
}


@cache
def gemm_kernel(tile: CudaTile) -> Any:
    """The GEMM of a tile: ``kernel[tile.grid(m, n), (threads_x, threads_y)](x, y, x_term, y_term, c, words)``.

    x and y are flat uint32 as above, of so many words a plane; the terms hold a value a row and a value a column; c is
    [rows, columns]. All are filled up to whole tiles.
    """
    product, depth = tile.product, tile.depth
    rows, columns, threads_y, threads_x = tile.thread_rows, tile.thread_columns, tile.threads_y, tile.threads_x
    block_rows, block_columns = tile.rows, tile.columns
    x_words, y_words, accumulators = product.words("x"), product.words("y"), product.accumulators
    sum_type, sum_dtype = sum_types(product)
    step, finish = on_device(product.step), on_device(product.finish)
    of_x, of_y, of_sums = (on_device(ITEMS[count]) for count in (x_words, y_words, accumulators))
    x_vector, y_vector = _vector(rows), _vector(columns)
    unrolled, simulated = tile.unrolled, bool(config.ENABLE_CUDASIM)
    x_stretch, y_stretch = x_words * block_rows, y_words * block_columns
    x_copy, y_copy = _copy(tile, x_stretch), _copy(tile, y_stretch)
    x_stage, y_stage, sums_shape = depth * x_stretch, depth * y_stretch, (accumulators, rows, columns)
    x_shape, y_shape = (x_words, rows, 1), (y_words, 1, columns)

    @cuda.jit  # type: ignore[untyped-decorator]
    def kernel(x: Any, y: Any, x_term: Any, y_term: Any, c: Any, words: Any) -> None:
        if simulated:  # which knows no alignment
            x_shared = cuda.shared.array(x_stage, uint32)
            y_shared = cuda.shared.array(y_stage, uint32)
        else:
            x_shared = cuda.shared.array(x_stage, uint32, alignment=16)
            y_shared = cuda.shared.array(y_stage, uint32, alignment=16)
        sums = cuda.local.array(sums_shape, sum_type)
        x_own = cuda.local.array(x_shape, uint32)
        y_own = cuda.local.array(y_shape, uint32)
        own_x, own_y = cuda.threadIdx.x, cuda.threadIdx.y
        thread = own_y * threads_x + own_x
        for a in range(accumulators):
            for i in range(rows):
                for j in range(columns):
                    sums[a, i, j] = 0
        for first in range(0, words, depth):
            length = min(depth, words - first)
            x_first = (cuda.blockIdx.y * words + first) * x_stretch
            y_first = (cuda.blockIdx.x * words + first) * y_stretch
            x_copy(x_shared, x, x_first, thread, length)
            y_copy(y_shared, y, y_first, thread, length)
            cuda.syncthreads()
            for some in range(0, length, unrolled):
                for word in range(unrolled):
                    x_word = (some + word) * x_stretch + own_y * x_vector
                    y_word = (some + word) * y_stretch + own_x * y_vector
                    for own in range(x_words):
                        for i in range(rows):
                            at = i // x_vector * x_vector * threads_y + i % x_vector
                            x_own[own, i, 0] = x_shared[uint64(x_word + own * block_rows + at)]
                    for own in range(y_words):
                        for j in range(columns):
                            at = j // y_vector * y_vector * threads_x + j % y_vector
                            y_own[own, 0, j] = y_shared[uint64(y_word + own * block_columns + at)]
                    for i in range(rows):
                        for j in range(columns):
                            new = step(of_sums(sums, i, j), of_x(x_own, i, 0), of_y(y_own, 0, j))
                            for a in range(accumulators):
                                sums[a, i, j] = new[a]
            cuda.syncthreads()
        for i in range(rows):
            for j in range(columns):
                row = (
                    cuda.blockIdx.y * block_rows
                    + own_y * x_vector
                    + i // x_vector * x_vector * threads_y
                    + i % x_vector
                )
                column = (
                    cuda.blockIdx.x * block_columns
                    + own_x * y_vector
                    + j // y_vector * y_vector * threads_x
                    + j % y_vector
                )
                n = x_term[row] + y_term[column]
                c[row, column] = sum_dtype(finish(of_sums(sums, i, j), n))

    return kernel


def _copy(tile: CudaTile, stretch: int) -> Any:
    """A function of all threads that copies so many words of a plane, ``stretch`` for each, into shared memory.

    Where the words are as many as the tile holds, the loop has a count that the compiler knows, and all of its loads
    are in flight at once.
    """
    depth, threads = tile.depth, tile.threads
    rounds, rest = divmod(depth * stretch, threads)
    even, kept_count = rest == 0, max(1, rounds)

    def copy(shared: Any, words: Any, first: Any, thread: Any, length: Any) -> None:
        if even and length == depth:
            kept = cuda.local.array(kept_count, uint32)
            for index in range(rounds):
                kept[index] = words[uint64(first + thread + index * threads)]
            for index in range(rounds):
                shared[uint64(thread + index * threads)] = kept[index]
        else:
            for word in range(thread, length * stretch, threads):
                shared[uint64(word)] = words[uint64(first + word)]

    return on_device(copy)


def _vector(count: int) -> int:
    """Neighbouring rows or columns of a thread: as many as one load brings."""
    return next(width for width in (4, 2, 1) if count % width == 0)


def on_device(function: Callable[..., Any]) -> Any:
    """A function that CUDA code can call."""
    return cuda.jit(device=True)(function)


def sum_types(product: Product) -> tuple[Any, Any]:
    """Numba's and NumPy's type of an accumulator."""
    return (float32, np.float32) if product.dtype == np.float32 else (int32, np.int32)
