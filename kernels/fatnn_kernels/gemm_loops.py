"""The compiled loops over the tiles of a result, whatever a tile reads and whatever becomes of its sums.

They follow GotoBLAS (Goto and van de Geijn, ACM TOMS 2008): a panel of y that fits L1 meets a block of x that fits L2.
"""

from typing import NamedTuple, TypeAlias

from numba import prange

from fatnn_kernels.epilogue import Activations, Planes, Results
from fatnn_kernels.intrinsics import TypedTile, barrier, emit
from fatnn_kernels.jit import compiled
from fatnn_kernels.memory import Place
from fatnn_kernels.operands import ImageX, PackedX, PackedY
from fatnn_kernels.quantise_loops import Quantising, quantise, quantise_parallel
from fatnn_kernels.windows import Windows, count_windows, count_windows_parallel

X: TypeAlias = PackedX | ImageX
StoreTo: TypeAlias = Results | Planes | Activations


class Tiles(NamedTuple):
    """The tiles of a result, and in which order they are gone through."""

    rows: int  #: tiles one above the other
    columns: int  #: tiles side by side
    steps: int  #: of K
    panel_steps: int  #: that all tiles take in before the next; only :class:`Results` go on from what was stored
    block_rows: int  #: tiles one above the other that meet a tile of y before the next does
    threads: int = 1  #: that share them, and the image


class Work(NamedTuple):
    """What :func:`run_serial` and :func:`run_parallel` do, each time: their first arguments."""

    tile: TypedTile
    x: X
    y: PackedY
    tiles: Tiles
    store: StoreTo | None = None  #: None where nothing is multiplied
    quantising: Quantising | None = None  #: comes first
    windows: Windows | None = None  #: come next

    def on(self, threads: int) -> "Work":
        """The same, shared by so many threads."""
        return self._replace(tiles=self.tiles._replace(threads=threads))


class Share(NamedTuple):
    """The tiles [row_begin, row_end) × [column_begin, column_end)."""

    row_begin: int
    row_end: int
    column_begin: int
    column_end: int


@compiled()
def run_serial(
    tile: TypedTile,
    x: X,
    y: PackedY,
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
            _multiply(tile, x, y, store, tiles, Share(0, tiles.rows, 0, tiles.columns))
        barrier()


@compiled()
def run_parallel(
    tile: TypedTile,
    x: X,
    y: PackedY,
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
def _multiply_parallel(tile: TypedTile, x: X, y: PackedY, store: StoreTo, tiles: Tiles) -> None:
    """Each thread has tiles of its own."""
    for thread in prange(tiles.threads):
        _multiply(tile, x, y, store, tiles, share_of(thread, tiles.threads, tiles))


@compiled()
def share_of(thread: int, threads: int, tiles: Tiles) -> Share:
    """The tiles of a thread: a stretch of rows, or of columns where that leaves the busiest with less to do."""
    rows, columns = tiles.rows, tiles.columns
    if rows * -(-columns // threads) < columns * -(-rows // threads):
        return Share(0, rows, thread * columns // threads, (thread + 1) * columns // threads)
    return Share(thread * rows // threads, (thread + 1) * rows // threads, 0, columns)


@compiled()
def _multiply(tile: TypedTile, x: X, y: PackedY, store: StoreTo, tiles: Tiles, share: Share) -> None:
    row_begin, row_end, column_begin, column_end = share
    panels, blocks = -(-tiles.steps // tiles.panel_steps), -(-(row_end - row_begin) // tiles.block_rows)
    for panel in range(panels):
        step = panel * tiles.panel_steps
        steps = min(tiles.panel_steps, tiles.steps - step)
        for block in range(blocks):
            first = row_begin + block * tiles.block_rows
            for j in range(column_begin, column_end):
                for i in range(first, min(first + tiles.block_rows, row_end)):
                    emit(tile, x, y, store, Place(i, j, step, steps))
