"""What a warp does on tensor cores: fragments from shared memory, and their products into sums that stay in registers.

A warp loads four blocks of 8 rows and 4 words by one instruction: the 16 rows and 8 words of a fragment of x, or those
of two fragments of y. The two halves of a row lie the other way round in every other four rows
(:meth:`TensorTile.arranged`), so that the eight rows of a block are in different banks.

Sums of ANDs of different weights would need registers each. Here those of more weight than the last are added up for a
slice alone, doubled where their weight is more, and added to the sums of the last: two accumulators' room for a row of
fragments, one for all others.
"""

from collections.abc import Callable
from typing import Any

from numba import config, cuda, int32, uint32

from fatnn_kernels.cuda.kernel import ITEMS, on_device
from fatnn_kernels.cuda.tensor_tile import FRAGMENT_COLUMNS, FRAGMENT_ROWS, SLICE, TensorTile

if not config.ENABLE_CUDASIM:  # which has none
    from fatnn_kernels.cuda.tensor_instructions import add_and_popcounts, load_blocks

#: A tuple of so many factors as words: Numba computes some in 64 bits.
WORDS: dict[int, Callable[..., Any]] = {
    1: lambda of: (uint32(of[0]),),
    2: lambda of: (uint32(of[0]), uint32(of[1])),
    3: lambda of: (uint32(of[0]), uint32(of[1]), uint32(of[2])),
    4: lambda of: (uint32(of[0]), uint32(of[1]), uint32(of[2]), uint32(of[3])),
}


@on_device
def x_place(lane: Any) -> Any:
    """The row of a fragment of x, and the half of it, that a lane tells the loading instruction of."""
    return lane % 16, lane // 16


@on_device
def y_place(lane: Any) -> Any:
    """The column of two fragments of y, and the half of it, likewise."""
    return lane // 16 * 8 + lane % 8, lane // 8 % 2


def _x_loader(tile: TensorTile) -> Any:
    """A function that makes a fragment of each factor of x from planes in shared memory."""
    planes, factors = tile.product.words("x"), on_device(tile.ands.x)
    ands, of_planes, plane_words = len(tile.ands.weights), on_device(ITEMS[planes]), SLICE * tile.rows
    as_words = on_device(WORDS[ands])

    def load(a: Any, shared: Any, at: Any) -> None:
        own = cuda.local.array((planes, 1, 4), uint32)
        for plane in range(planes):
            four = load_blocks(shared, at + plane * plane_words)
            for word in range(4):
                own[plane, 0, word] = four[word]
        for word in range(4):
            of_x = as_words(factors(of_planes(own, 0, word)))
            for each in range(ands):
                a[each, word] = of_x[each]

    return on_device(load)


def y_loader(tile: TensorTile) -> Any:
    """A function that makes the fragments of each factor of y from planes in shared memory, two at a time."""
    planes, factors, fragments = tile.product.words("y"), on_device(tile.ands.y), tile.fragments_x
    ands, of_planes, plane_words = len(tile.ands.weights), on_device(ITEMS[planes]), SLICE * tile.columns
    as_words = on_device(WORDS[ands])

    def load(b: Any, shared: Any, at: Any) -> None:
        own = cuda.local.array((planes, 2, 2), uint32)
        for j in range(0, fragments, 2):
            for plane in range(planes):
                four = load_blocks(shared, at + plane * plane_words + j * FRAGMENT_COLUMNS * SLICE)
                own[plane, 0, 0], own[plane, 0, 1], own[plane, 1, 0], own[plane, 1, 1] = four
            for other in range(2):
                for word in range(2):
                    of_y = as_words(factors(of_planes(own, other, word)))
                    for each in range(ands):
                        b[each, j + other, word] = of_y[each]

    return on_device(load)


def rows_multiplier(tile: TensorTile) -> Any:
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
