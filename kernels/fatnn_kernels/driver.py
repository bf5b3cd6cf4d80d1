"""The GEMM driver: x [M, K] times y [N, K] transposed, for every product.

Where x is one tile, nothing of y is used twice and memory is the limit: y is then read once, from its begin to its
end, and it is x that stays in L1.
"""

import math
from functools import cache
from numbers import Integral
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.aligned import aligned
from fatnn_kernels.checks import check_count, check_output
from fatnn_kernels.epilogue import Results
from fatnn_kernels.gemm_loops import Work, run_parallel, run_serial
from fatnn_kernels.intrinsics import TypedTile
from fatnn_kernels.obstacle import missing
from fatnn_kernels.operands import PackedX
from fatnn_kernels.packing import Packed, pack
from fatnn_kernels.product import Product
from fatnn_kernels.shapes import tile_shape
from fatnn_kernels.shares import Tiles
from fatnn_kernels.target import Target, current_target
from fatnn_kernels.tile import Tile

#: Bytes of y's panel: a common L1 data cache. It was faster than half of one, which reads and writes C more often.
PANEL_BYTES = 32 * 1024
#: Bytes of x's block, half of a small L2 cache.
BLOCK_BYTES = 256 * 1024

#: How many times wider a tile of few rows may be: the columns of the result are filled up to whole tiles.
_WIDEST = 4
#: What a tile costs beside its rows, its loads of y above all, as a share of a row.
_TILE_COST = 0.25


def gemm(product: Product, x: NDArray[Any] | Packed, y: NDArray[Any] | Packed, threads: int = 1) -> NDArray[Any]:
    """Inner products of every row of x with every row of y: result[m, n] = Σₖ x[m, k] · y[n, k].

    Parameters
    ----------
    product
        The inner product, for example ``fatnn_kernels.TERNARY_FATNN``.
    x, y
        [M, K] and [N, K], integers or floats inside the product's domains, or operands packed by :func:`pack_operands`.
    threads
        Threads of Numba's threading layer; the result is the same for any count.

    Returns
    -------
    ndarray
        [M, N], int32, or float32 for the float32 product.

    Raises
    ------
    ValueError
        A wrong dtype, shape, thread count, or a value outside the domain; the message names the value and its index.

    Examples
    --------
    >>> import numpy as np
    >>> from fatnn_kernels import TERNARY_FATNN, gemm
    >>> gemm(TERNARY_FATNN, np.array([[1, 0, -1]]), np.array([[1, 1, 1], [-1, 0, 1]]))
    array([[ 0, -2]], dtype=int32)
    """
    a, b = pack_operands(product, x, y)
    c = empty_result(a, b)
    run(a, b, c, threads=threads)
    return c[: a.count, : b.count]


def pack_operands(product: Product, x: NDArray[Any] | Packed, y: NDArray[Any] | Packed) -> tuple[Packed, Packed]:
    """Pack x and y for a tile that suits them; what is packed already is checked and kept.

    Parameters
    ----------
    product
        The inner product.
    x, y
        As for :func:`gemm`.

    Returns
    -------
    tuple of Packed
        x and y, for one tile.

    Raises
    ------
    ValueError
        As :func:`gemm`, what is packed already was packed for another side, product or K, or the product needs an
        instruction that this machine lacks.
    """
    if lacks := missing(product, current_target()):
        raise ValueError(f"{product.name}: {lacks}")
    tile = x.tile if isinstance(x, Packed) else choose_tile(product, current_target(), *_sizes(x, y))
    a = x if isinstance(x, Packed) else pack(tile, "x", x)
    b = y if isinstance(y, Packed) else pack(tile, "y", y)
    _check_pair(product, a, b)
    return a, b


def _check_pair(product: Product, a: Packed, b: Packed) -> None:
    """Raise a ValueError unless a is x and b is y of one GEMM of the product."""
    for operand, side in ((a, "x"), (b, "y")):
        if operand.tile.product is not product or operand.side != side:
            raise ValueError(
                f"{product.name}: {side} was packed as {operand.side} of {operand.tile.product.name}; pack it again"
            )
    if a.k != b.k:
        raise ValueError(f"{product.name}: x has K = {a.k} and y has K = {b.k}; expected the same K")
    if b.tile.columns != a.tile.columns:
        raise ValueError(f"{product.name}: y was packed for {b.tile.columns} columns a tile, not {a.tile.columns}")


def _sizes(x: Any, y: Any) -> tuple[int, int, int]:
    """M, N and K of what should be operands; what is none is refused when it is packed."""
    (m, k), (n, _) = (v.shape if isinstance(v, np.ndarray) and v.ndim == 2 and v.size else (1, 1) for v in (x, y))
    return m, y.count if isinstance(y, Packed) else n, k


@cache
def choose_tile(product: Product, target: Target, m: int, n: int, k: int) -> Tile:
    """A target's tile for a product, with fewer rows where M is no multiple of them and fewer are computed in vain.

    Where M is so small that rows are missing, the tile is wider instead: its accumulators hide the latency of the adds.
    """
    shape = tile_shape(product, target, product.steps(k), n)
    if product.way == "tiles":  # as large as the registers are
        return Tile(product, shape.rows, shape.vectors, target.lanes, shape.counting)
    rows = min(range(shape.rows, 0, -1), key=lambda rows: -(-m // rows) * (rows + _TILE_COST))
    wider = min(shape.rows // rows, _WIDEST)
    return Tile(product, rows, shape.vectors * wider, target.lanes, shape.counting)


def empty_result(a: Packed, b: Packed) -> NDArray[Any]:
    """Room for a result, filled up to whole tiles."""
    return aligned((len(a.term), len(b.term)), a.tile.product.dtype)


def run(a: Packed, b: Packed, c: NDArray[Any], *, threads: int = 1, loops: int = 1) -> None:
    """Compute C = x·yᵀ on packed operands, ``loops`` times inside compiled code.

    Raises
    ------
    ValueError
        The operands are not of one product, K and tile; C is no array of :func:`empty_result`'s shape and type that can
        be written to, or has memory in common with them; ``loops`` is less than 1; ``threads`` is less than 1 or more
        than Numba was started with.
    """
    product = a.tile.product
    _check_pair(product, a, b)
    check_output(product.name, "the result", c, (len(a.term), len(b.term)), product.dtype, a.words, b.words)
    check_count("loops", loops)
    (row_tiles, steps, *of_x), column_tiles = a.words.shape, len(b.words)
    panel = panel_words(a.tile, row_tiles)
    block_rows = max(1, BLOCK_BYTES // (min(panel, steps) * math.prod(of_x) * 4))
    tiles = Tiles(row_tiles, column_tiles, steps, panel, block_rows)
    store = Results(a.term, b.term, c)
    compute(Work(TypedTile(a.tile), PackedX(a.words), b.columns, tiles, store), loops, threads)


def compute(work: Work, loops: int, threads: int) -> None:
    """Do it ``loops`` times over; so many threads as cannot be raise ValueError."""
    if use_threads(threads):
        run_parallel(*work.on(threads), loops)
    else:
        run_serial(*work, loops)


def panel_words(tile: Tile, row_tiles: int) -> int:
    """How many words of each row and column are gone through before the next: those of y, or of a lone x, fit L1."""
    product = tile.product
    width = product.words("y") * tile.columns if row_tiles > 1 else product.words("x") * tile.rows
    return max(1, PANEL_BYTES // (width * 4))


def use_threads(threads: int) -> bool:
    """Set the threads of Numba's threading layer; returns whether there is more than one.

    Raises
    ------
    ValueError
        ``threads`` is less than 1 or more than Numba was started with.
    """
    most = numba.config.NUMBA_NUM_THREADS
    if not isinstance(threads, Integral) or not 1 <= threads <= most:
        raise ValueError(f"threads is {threads}; expected 1 to {most} (NUMBA_NUM_THREADS, set before Numba starts)")
    if threads > 1:
        numba.set_num_threads(threads)
    return threads > 1


def threading_layer(threads: int) -> str | None:
    """Return the layer that Numba runs so many threads on, such as ``omp``; None for one thread, which needs none."""
    return str(numba.threading_layer()) if use_threads(min(threads, numba.config.NUMBA_NUM_THREADS)) else None
