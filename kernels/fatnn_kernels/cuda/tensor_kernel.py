"""The kernels of products by tensor cores: tiled GEMMs, written once for every product whose step is ANDs.

x and y lie as [tile][stage][slice][plane][row or column][8 words] (:meth:`TensorTile.arranged`): a block copies one
stretch of each into shared memory. Where x is an image, each of its rows is gathered from the pixels of a window, so
that no im2col lies in memory; only how x is copied differs.
"""

from functools import cache
from typing import Any

from numba import config, cuda, int32, uint32

from fatnn_kernels.cuda.kernel import on_device
from fatnn_kernels.cuda.tensor_fragments import rows_multiplier, x_place, y_loader, y_place
from fatnn_kernels.cuda.tensor_tile import FRAGMENT_COLUMNS, FRAGMENT_ROWS, SLICE, WARP, TensorTile

if not config.ENABLE_CUDASIM:  # which has none
    from fatnn_kernels.cuda.tensor_instructions import await_groups, begin_copy, end_group, store_pair

#: Blocks of a group that walk down the rows together: what they read of y stays in the L2 cache.
GROUP = 16
#: Words of a copy of what is packed.
_COPY = 4


@cache
def gemm_kernel(tile: TensorTile) -> Any:
    """The GEMM of a tile: ``kernel[tile.grid(m, n), (threads_x, 1)](x, y, x_term, y_term, c, stages)``.

    x and y are flat uint32 as above, of so many stages; the terms hold a value a row and a value a column; c is
    [rows, columns] of int32. All are filled up to whole tiles.
    """
    stage_words = tile.stage_words("x")
    sum_block = _summing(tile, _copy(tile, stage_words))
    store = _storing(tile)
    sums_shape = tile.fragments_y, tile.fragments_x, 4

    @cuda.jit  # type: ignore[untyped-decorator]
    def kernel(x: Any, y: Any, x_term: Any, y_term: Any, c: Any, stages: Any) -> None:
        sums = cuda.local.array(sums_shape, int32)
        block_row, block_column = _block()
        sum_block(sums, (x, block_row * stages * stage_words), y, block_column, stages)
        store(sums, block_row, block_column, x_term, y_term, c)

    return kernel


@cache
def layer_kernel(tile: TensorTile, words: int) -> Any:
    """The same of the windows of an image.

    ``kernel[…](image, pixels, taps, plane_words, y, x_term, y_term, c, stages)``

    Parameters
    ----------
    tile
        As above.
    words
        Of a copy: 4, 2 or 1, by which the words of a pixel's plane can be divided.

    Notes
    -----
    image is flat uint32, [pixel][plane][plane_words], and ends with a pixel of zeros. The first word of row m at copy k
    is ``pixels[m] + taps[k]``, that of another plane so many ``plane_words`` later; where ``taps[k]`` is less than 0,
    there is none, and zeros are taken.
    """
    sum_block = _summing(tile, _gather(tile, words))
    store = _storing(tile)
    rows, sums_shape = tile.rows, (tile.fragments_y, tile.fragments_x, 4)

    @cuda.jit  # type: ignore[untyped-decorator]
    def kernel(
        image: Any, pixels: Any, taps: Any, plane_words: Any, y: Any, x_term: Any, y_term: Any, c: Any, stages: Any
    ) -> None:
        sums = cuda.local.array(sums_shape, int32)
        block_row, block_column = _block()
        sum_block(sums, (image, pixels, block_row * rows, taps, plane_words), y, block_column, stages)
        store(sums, block_row, block_column, x_term, y_term, c)

    return kernel


@on_device
def half_place(row: Any, half: Any) -> Any:
    """The word of a row at which its first or second half lies; see :func:`fatnn_kernels.cuda.tensor_tile.swizzled`."""
    return 4 * (half ^ (row // 4 % 2))


@on_device
def _block() -> Any:
    """The block's row and column, such that blocks that run at once share what they read."""
    down, across = cuda.gridDim.y, cuda.gridDim.x
    place = cuda.blockIdx.y * across + cuda.blockIdx.x
    first = place // (GROUP * across) * GROUP
    height = min(GROUP, down - first)
    within = place % (GROUP * across)
    return first + within % height, within // height


def _summing(tile: TensorTile, copy_x: Any) -> Any:
    """A function that sums a block's products, of x as ``copy_x`` finds it; see :mod:`tensor_fragments`."""
    warps_x, fragments_y, fragments_x = tile.warps_x, tile.fragments_y, tile.fragments_x
    depth, together, ahead, pending = tile.depth, tile.stages, tile.stages - 1, tile.stages - 2
    x_stage, y_stage = tile.stage_words("x"), tile.stage_words("y")
    x_slice, y_slice = x_stage // depth, y_stage // depth
    x_room, y_room = together * x_stage, together * y_stage
    copy_y, load_y, multiply = _copy(tile, y_stage), y_loader(tile), rows_multiplier(tile)
    ands, simulated = len(tile.ands.weights), bool(config.ENABLE_CUDASIM)

    def sum_block(sums: Any, x: Any, y: Any, block_column: Any, stages: Any) -> None:
        if simulated:  # which knows no alignment
            x_shared = cuda.shared.array(x_room, uint32)
            y_shared = cuda.shared.array(y_room, uint32)
        else:
            x_shared = cuda.shared.array(x_room, uint32, alignment=16)
            y_shared = cuda.shared.array(y_room, uint32, alignment=16)
        b = cuda.local.array((ands, fragments_x, 2), uint32)
        for i in range(fragments_y):
            for j in range(fragments_x):
                for e in range(4):
                    sums[i, j, e] = 0
        thread = cuda.threadIdx.x
        warp = thread // WARP
        row, row_half = x_place(thread % WARP)
        column, column_half = y_place(thread % WARP)
        x_own = (warp // warps_x * fragments_y * FRAGMENT_ROWS + row) * SLICE + half_place(row, row_half)
        y_own = (warp % warps_x * fragments_x * FRAGMENT_COLUMNS + column) * SLICE + half_place(column, column_half)
        packed_y = y, block_column * stages * y_stage
        for stage in range(ahead):
            if stage < stages:
                copy_x(x_shared, stage * x_stage, x, stage, thread)
                copy_y(y_shared, stage * y_stage, packed_y, stage, thread)
            end_group()
        for stage in range(stages):
            await_groups(pending)
            cuda.syncthreads()
            new = stage + ahead
            if new < stages:
                room = new % together
                copy_x(x_shared, room * x_stage, x, new, thread)
                copy_y(y_shared, room * y_stage, packed_y, new, thread)
            end_group()
            room = stage % together
            for deep in range(depth):
                load_y(b, y_shared, room * y_stage + deep * y_slice + y_own)
                multiply(sums, x_shared, room * x_stage + deep * x_slice + x_own, b)

    return on_device(sum_block)


def _copy(tile: TensorTile, words: int) -> Any:
    """A function of all threads that begins to copy a stage of so many words of what is packed: (array, first word)."""
    threads, pieces = tile.threads_x, words // _COPY
    rounds, even = -(-pieces // threads), pieces % threads == 0

    def copy(shared: Any, to: Any, packed: Any, stage: Any, thread: Any) -> None:
        memory, first = packed
        for index in range(rounds):
            piece = thread + index * threads
            if even or piece < pieces:
                begin_copy(shared, to + piece * _COPY, memory, first + stage * words + piece * _COPY, _COPY)

    return on_device(copy)


def _gather(tile: TensorTile, words: int) -> Any:
    """The same of windows, so many words at a time: (image, pixels, first row, taps, words of a pixel's plane)."""
    threads, rows, planes, depth = tile.threads_x, tile.rows, tile.product.words("x"), tile.depth
    parts, pieces = SLICE // words, tile.stage_words("x") // words
    rounds, even = -(-pieces // threads), pieces % threads == 0

    def copy(shared: Any, to: Any, windows: Any, stage: Any, thread: Any) -> None:
        image, pixels, first_row, taps, plane_words = windows
        for index in range(rounds):
            piece = thread + index * threads
            if even or piece < pieces:
                part, row, plane = piece % parts, piece // parts % rows, piece // (parts * rows) % planes
                tap = taps[(stage * depth + piece // (parts * rows * planes)) * parts + part]
                at = pixels[first_row + row] + plane * plane_words + tap
                if tap < 0:
                    at = image.size - planes * plane_words
                within = part * words
                place = half_place(row, within // 4) + within % 4
                begin_copy(shared, to + piece // parts * SLICE + place, image, at, words)

    return on_device(copy)


def _storing(tile: TensorTile) -> Any:
    """A function that stores a block's sums, with what rows and columns add to n."""
    rows, columns, warps_x = tile.rows, tile.columns, tile.warps_x
    fragments_y, fragments_x, weight = tile.fragments_y, tile.fragments_x, tile.ands.levels[-1]

    def store(sums: Any, block_row: Any, block_column: Any, x_term: Any, y_term: Any, c: Any) -> None:
        thread = cuda.threadIdx.x
        warp, group, member = thread // WARP, thread % WARP // 4, thread % 4
        first_row = block_row * rows + warp // warps_x * fragments_y * FRAGMENT_ROWS + group
        first_column = block_column * columns + warp % warps_x * fragments_x * FRAGMENT_COLUMNS + 2 * member
        for i in range(fragments_y):
            for half in range(2):
                row = first_row + i * FRAGMENT_ROWS + half * 8
                for j in range(fragments_x):
                    column = first_column + j * FRAGMENT_COLUMNS
                    one = x_term[row] + y_term[column] + weight * sums[i, j, 2 * half]
                    other = x_term[row] + y_term[column + 1] + weight * sums[i, j, 2 * half + 1]
                    store_pair(c, row * c.shape[1] + column, one, other)

    return on_device(store)
