"""The tiles of a result, and the share of them that a thread has."""

from typing import NamedTuple

from fatnn_kernels.jit import compiled


class Tiles(NamedTuple):
    """The tiles of a result, and in which order they are gone through."""

    rows: int  #: tiles one above the other
    columns: int  #: tiles side by side
    steps: int  #: of K
    panel_steps: int  #: that all tiles take in before the next; only :class:`Results` go on from what was stored
    block_rows: int  #: tiles one above the other that meet a tile of y before the next does
    threads: int = 1  #: that share them, and the image


class Share(NamedTuple):
    """The tiles [row_begin, row_end) × [column_begin, column_end)."""

    row_begin: int
    row_end: int
    column_begin: int
    column_end: int
    thread: int  #: whose it is


@compiled()
def share_of(thread: int, threads: int, tiles: Tiles) -> Share:
    """The tiles of a thread: a stretch of rows, or of columns where that leaves the busiest with less to do."""
    rows, columns = tiles.rows, tiles.columns
    if rows * -(-columns // threads) < columns * -(-rows // threads):
        return Share(0, rows, thread * columns // threads, (thread + 1) * columns // threads, thread)
    return Share(thread * rows // threads, (thread + 1) * rows // threads, 0, columns, thread)
