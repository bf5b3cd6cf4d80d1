"""The compiled loops over the tiles of a result, whatever a tile reads and whatever becomes of its sums.

They follow GotoBLAS (Goto and van de Geijn, ACM TOMS 2008): a panel of y that fits L1 meets a block of x that fits L2.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from numba import prange, types
from numba.extending import overload

from fatnn_kernels.epilogue import Activations, Planes, Results
from fatnn_kernels.intrinsics import TileType, TypedTile, barrier, emit
from fatnn_kernels.jit import OPTIONS, compiled
from fatnn_kernels.memory import Place
from fatnn_kernels.operands import ImageX, PackedX, PackedY
from fatnn_kernels.panel_loops import multiply_panels
from fatnn_kernels.panels import DenseY, GatheredX
from fatnn_kernels.quantise_loops import Quantising, quantise, quantise_parallel
from fatnn_kernels.shares import Share, Tiles, share_of
from fatnn_kernels.windows import Windows, count_windows, count_windows_parallel

X: TypeAlias = PackedX | ImageX | GatheredX
Y: TypeAlias = PackedY | DenseY
StoreTo: TypeAlias = Results | Planes | Activations


class Work(NamedTuple):
    """What :func:`run_serial` and :func:`run_parallel` do, each time: their first arguments."""

    tile: TypedTile
    x: X
    y: Y
    tiles: Tiles
    store: StoreTo | None = None  #: None where nothing is multiplied
    quantising: Quantising | None = None  #: comes first
    windows: Windows | None = None  #: come next

    def on(self, threads: int) -> "Work":
        """The same, shared by so many threads."""
        return self._replace(tiles=self.tiles._replace(threads=threads))


@compiled()
def run_serial(
    tile: TypedTile,
    x: X,
    y: Y,
    tiles: Tiles,
    store: StoreTo | None,
    quantising: Quantising | None,
    windows: Windows | None,
    loops: int,
) -> None:
    """Do one after the other what is not None. Tuples of tuples would be reference-counted in every turn."""
    for _ in range(loops):
        if quantising is not None:
            quantise(tile, quantising)
        if windows is not None:
            count_windows(windows)
        if store is not None:
            _multiply(tile, x, y, store, tiles, Share(0, tiles.rows, 0, tiles.columns, 0))
        barrier()


@compiled()
def run_parallel(
    tile: TypedTile,
    x: X,
    y: Y,
    tiles: Tiles,
    store: StoreTo | None,
    quantising: Quantising | None,
    windows: Windows | None,
    loops: int,
) -> None:
    """The same on several threads; in functions of their own, as Numba would make one loop of those side by side."""
    threads = tiles.threads
    for _ in range(loops):
        if quantising is not None:
            quantise_parallel(tile, quantising, threads)
        if windows is not None:
            count_windows_parallel(windows, threads)
        if store is not None:
            _multiply_parallel(tile, x, y, store, tiles)
        barrier()


@compiled(parallel=True)
def _multiply_parallel(tile: TypedTile, x: X, y: Y, store: StoreTo, tiles: Tiles) -> None:
    """Each thread has tiles of its own."""
    for thread in prange(tiles.threads):
        _multiply(tile, x, y, store, tiles, share_of(thread, tiles.threads, tiles))


def _multiply(tile: TypedTile, x: X, y: Y, store: StoreTo, tiles: Tiles, share: Share) -> None:
    """The tiles of a share, in the order that suits the product's way: a function of compiled code."""
    raise NotImplementedError


@overload(_multiply, jit_options=OPTIONS, strict=False)  # type: ignore[untyped-decorator]
def _multiply_by_way(
    tile: TileType, x: types.Type, y: types.Type, store: types.Type, tiles: types.Type, share: types.Type
) -> Callable[..., None]:
    return multiply_panels if tile.tile.product.way == "tiles" else _multiply_packed


def _multiply_packed(tile: TypedTile, x: X, y: Y, store: StoreTo, tiles: Tiles, share: Share) -> None:
    row_begin, row_end, column_begin, column_end, _ = share
    panels, blocks = -(-tiles.steps // tiles.panel_steps), -(-(row_end - row_begin) // tiles.block_rows)
    for panel in range(panels):
        step = panel * tiles.panel_steps
        steps = min(tiles.panel_steps, tiles.steps - step)
        for block in range(blocks):
            first = row_begin + block * tiles.block_rows
            for j in range(column_begin, column_end):
                for i in range(first, min(first + tiles.block_rows, row_end)):
                    emit(tile, x, y, store, Place(i, j, step, steps))
