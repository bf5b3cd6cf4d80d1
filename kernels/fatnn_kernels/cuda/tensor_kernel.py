"""The kernel of products by tensor cores: a tiled GEMM, written once for every product whose step is ANDs.

x and y lie as [tile][stage][slice][plane][row or column][8 words] (:meth:`TensorTile.arranged`): a block copies one
stretch of each into shared memory, and a warp has its fragments of neighbouring words. Which words of a slice are
called the first, x and y agree on, and nothing else has to: lane 4g + t takes words 2t and 2t + 1 for what the
instruction calls words t and t + 4, by one load.

Sums of ANDs of different weights would need registers each. Here those of more weight than the last are added up for a
slice alone, doubled where their weight is more, and added to the sums of the last: two accumulators' room for a row of
fragments, one for all others.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from numba import config, cuda, int32, uint32

from fatnn_kernels.cuda.kernel import ITEMS, on_device
from fatnn_kernels.cuda.tensor_tile import FRAGMENT_COLUMNS, FRAGMENT_ROWS, SLICE, WARP, TensorTile

if not config.ENABLE_CUDASIM:  # which has none
    from fatnn_kernels.cuda.tensor_instructions import (
        add_and_popcounts,
        await_groups,
        begin_copy,
        end_group,
        load_pair,
        store_pair,
    )

#: Blocks of a group that walk down the rows together: what they read of y stays in the L2 cache.
GROUP = 16
#: Words of a copy.
_COPY = 4
#: A tuple of so many factors as words: Numba computes some in 64 bits.
_WORDS: dict[int, Callable[..., Any]] = {
    1: lambda of: (uint32(of[0]),),
    2: lambda of: (uint32(of[0]), uint32(of[1])),
    3: lambda of: (uint32(of[0]), uint32(of[1]), uint32(of[2])),
    4: lambda of: (uint32(of[0]), uint32(of[1]), uint32(of[2]), uint32(of[3])),
}


@cache
def gemm_kernel(tile: TensorTile) -> Any:
    """The GEMM of a tile: ``kernel[tile.grid(m, n), (threads_x, 1)](x, y, x_term, y_term, c, stages)``.

    x and y are flat uint32 as above, of so many stages; the terms hold a value a row and a value a column; c is
    [rows, columns] of int32. All are filled up to whole tiles.
    """
    x_planes, y_planes, depth, together = tile.product.words("x"), tile.product.words("y"), tile.depth, tile.stages
    rows, columns, fragments_y, fragments_x = tile.rows, tile.columns, tile.fragments_y, tile.fragments_x
    warps_x, ahead = tile.warps_x, tile.stages - 1
    x_plane, y_plane = SLICE * rows, SLICE * columns
    x_slice, y_slice = x_planes * x_plane, y_planes * y_plane
    x_stage, y_stage = depth * x_slice, depth * y_slice
    x_copy, y_copy = _copy(tile, x_stage), _copy(tile, y_stage)
    load_y, multiply, weight = _y_loader(tile), _rows(tile), tile.ands.levels[-1]
    ands, simulated = len(tile.ands.weights), bool(config.ENABLE_CUDASIM)
    x_room, y_room, pending = together * x_stage, together * y_stage, ahead - 1

    @cuda.jit  # type: ignore[untyped-decorator]
    def kernel(x: Any, y: Any, x_term: Any, y_term: Any, c: Any, stages: Any) -> None:
        if simulated:  # which knows no alignment
            x_shared = cuda.shared.array(x_room, uint32)
            y_shared = cuda.shared.array(y_room, uint32)
        else:
            x_shared = cuda.shared.array(x_room, uint32, alignment=16)
            y_shared = cuda.shared.array(y_room, uint32, alignment=16)
        sums = cuda.local.array((fragments_y, fragments_x, 4), int32)
        b = cuda.local.array((ands, fragments_x, 2), uint32)
        for i in range(fragments_y):
            for j in range(fragments_x):
                for e in range(4):
                    sums[i, j, e] = 0
        thread = cuda.threadIdx.x
        warp, group, member = thread // WARP, thread % WARP // 4, thread % 4
        own_row = warp // warps_x * fragments_y * FRAGMENT_ROWS + group
        own_column = warp % warps_x * fragments_x * FRAGMENT_COLUMNS + group
        x_own, y_own = own_row * SLICE + 2 * member, own_column * SLICE + 2 * member
        block_row, block_column = _block()
        x_first, y_first = block_row * stages * x_stage, block_column * stages * y_stage
        for stage in range(ahead):
            if stage < stages:
                x_copy(x_shared, stage * x_stage, x, x_first + stage * x_stage, thread)
                y_copy(y_shared, stage * y_stage, y, y_first + stage * y_stage, thread)
            end_group()
        for stage in range(stages):
            await_groups(pending)
            cuda.syncthreads()
            new = stage + ahead
            if new < stages:
                room = new % together
                x_copy(x_shared, room * x_stage, x, x_first + new * x_stage, thread)
                y_copy(y_shared, room * y_stage, y, y_first + new * y_stage, thread)
            end_group()
            room = stage % together
            for deep in range(depth):
                load_y(b, y_shared, room * y_stage + deep * y_slice + y_own)
                multiply(sums, x_shared, room * x_stage + deep * x_slice + x_own, b)
        for i in range(fragments_y):
            for half in range(2):
                row = block_row * rows + own_row + i * FRAGMENT_ROWS + half * 8
                for j in range(fragments_x):
                    column = block_column * columns + own_column - group + j * FRAGMENT_COLUMNS + 2 * member
                    one = x_term[row] + y_term[column] + weight * sums[i, j, 2 * half]
                    other = x_term[row] + y_term[column + 1] + weight * sums[i, j, 2 * half + 1]
                    store_pair(c, row * c.shape[1] + column, one, other)

    return kernel


@on_device
def _block() -> Any:
    """The block's row and column, such that blocks that run at once share what they read."""
    down, across = cuda.gridDim.y, cuda.gridDim.x
    place = cuda.blockIdx.y * across + cuda.blockIdx.x
    first = place // (GROUP * across) * GROUP
    height = min(GROUP, down - first)
    within = place % (GROUP * across)
    return first + within % height, within // height


def _copy(tile: TensorTile, words: int) -> Any:
    """A function of all threads that begins to copy a stage of so many words."""
    threads, pieces = tile.threads_x, words // _COPY
    rounds, even = -(-pieces // threads), pieces % threads == 0

    def copy(shared: Any, to: Any, memory: Any, first: Any, thread: Any) -> None:
        for index in range(rounds):
            piece = thread + index * threads
            if even or piece < pieces:
                begin_copy(shared, to + piece * _COPY, memory, first + piece * _COPY)

    return on_device(copy)


def _x_loader(tile: TensorTile) -> Any:
    """A function that makes a fragment of each factor of x from planes in shared memory."""
    planes, factors = tile.product.words("x"), on_device(tile.ands.x)
    ands, of_planes, plane_words = len(tile.ands.weights), on_device(ITEMS[planes]), SLICE * tile.rows
    as_words = on_device(_WORDS[ands])

    def load(a: Any, shared: Any, at: Any) -> None:
        own = cuda.local.array((planes, 2, 2), uint32)
        for plane in range(planes):
            for half in range(2):
                pair = load_pair(shared, at + plane * plane_words + half * 8 * SLICE)
                own[plane, half, 0], own[plane, half, 1] = pair[0], pair[1]
        for word in range(2):
            for half in range(2):
                of_x = as_words(factors(of_planes(own, half, word)))
                for each in range(ands):
                    a[each, 2 * word + half] = of_x[each]

    return on_device(load)


def _y_loader(tile: TensorTile) -> Any:
    """A function that makes the fragments of each factor of y from planes in shared memory."""
    planes, factors, fragments = tile.product.words("y"), on_device(tile.ands.y), tile.fragments_x
    ands, of_planes, plane_words = len(tile.ands.weights), on_device(ITEMS[planes]), SLICE * tile.columns
    as_words = on_device(_WORDS[ands])

    def load(b: Any, shared: Any, at: Any) -> None:
        own = cuda.local.array((planes, 1, 2), uint32)
        for j in range(fragments):
            for plane in range(planes):
                pair = load_pair(shared, at + plane * plane_words + j * FRAGMENT_COLUMNS * SLICE)
                own[plane, 0, 0], own[plane, 0, 1] = pair[0], pair[1]
            for word in range(2):
                of_y = as_words(factors(of_planes(own, 0, word)))
                for each in range(ands):
                    b[each, j, word] = of_y[each]

    return on_device(load)


def _rows(tile: TensorTile) -> Any:
    """A function that adds a slice's products of all fragments to their sums.

    It is one for each row of fragments, that calls the next: a loop over them would be too long to be unrolled, and
    sums that are not known by number would lie in memory.
    """
    load, multiply, rows = _x_loader(tile), _multiplier(tile), on_device(lambda sums, shared, at, b: None)
    for i in reversed(range(tile.fragments_y)):
        rows = _row(len(tile.ands.weights), i, load, multiply, rows)
    return rows


def _row(ands: int, i: int, load: Any, multiply: Any, following: Any) -> Any:
    """A function that does so for the i-th row, and those that follow."""

    def row(sums: Any, shared: Any, at: Any, b: Any) -> None:
        a = cuda.local.array((ands, 4), uint32)
        load(a, shared, at + i * FRAGMENT_ROWS * SLICE)
        multiply(sums, i, a, b)
        following(sums, shared, at, b)

    return on_device(row)


def _multiplier(tile: TensorTile) -> Any:
    """A function that adds a slice's products of a fragment of rows and all of columns to their sums."""
    weights, fragments = tile.ands.weights, tile.fragments_x
    last = tile.ands.levels[-1]
    upper = sum(weight > last for weight in weights)
    #: how often what is added up has to be doubled before each AND, and at the end
    factor = tuple(before // weight for before, weight in zip((weights[0], *weights), weights, strict=False))
    at_the_end, ands = weights[upper - 1] // last if upper else 0, len(weights)

    def multiply(sums: Any, i: Any, a: Any, b: Any) -> None:
        if upper:
            more = cuda.local.array((fragments, 4), int32)
            for j in range(fragments):
                for e in range(4):
                    more[j, e] = 0
            for each in range(upper):
                for j in range(fragments):
                    new = add_and_popcounts(
                        factor[each] * more[j, 0], factor[each] * more[j, 1],
                        factor[each] * more[j, 2], factor[each] * more[j, 3],
                        a[each, 0], a[each, 1], a[each, 2], a[each, 3], b[each, j, 0], b[each, j, 1],
                    )  # fmt: skip
                    more[j, 0], more[j, 1], more[j, 2], more[j, 3] = new
            for j in range(fragments):
                for e in range(4):
                    sums[i, j, e] += at_the_end * more[j, e]
        for each in range(upper, ands):
            for j in range(fragments):
                new = add_and_popcounts(
                    sums[i, j, 0], sums[i, j, 1], sums[i, j, 2], sums[i, j, 3],
                    a[each, 0], a[each, 1], a[each, 2], a[each, 3], b[each, j, 0], b[each, j, 1],
                )  # fmt: skip
                sums[i, j, 0], sums[i, j, 1], sums[i, j, 2], sums[i, j, 3] = new

    return on_device(multiply)
