"""The compiled loops of matrix tiles: operands as tiles take them, and the order of blocks.

Packed rows are taken as they are, and so are the rows of an image that lie evenly. Others are gathered, a stretch of
blocks once for all columns. Columns that are packed denser than tiles take them are unpacked, once for a stretch of
rows; once at all where there is room for all of them, and rows are then gathered one block after the other.
"""

from collections.abc import Callable
from typing import TypeAlias

from numba import types
from numba.extending import overload

from fatnn_kernels.epilogue import Activations, Planes, Results
from fatnn_kernels.intrinsics import TileType, TypedTile, address, emit, flat_item, set_flat_item
from fatnn_kernels.jit import OPTIONS, compiled
from fatnn_kernels.matrix_tiles import ROWS, STEP_WORDS, WORDS
from fatnn_kernels.memory import Place
from fatnn_kernels.operands import ImageX, PackedX, PackedY
from fatnn_kernels.panels import (
    COLUMN_ROOM,
    ROW_ROOM,
    DenseY,
    GatheredX,
    PanelX,
    PanelY,
    configure_tiles,
    copy_words,
    release_tiles,
    unpack_columns,
)
from fatnn_kernels.shares import Share, Tiles

X: TypeAlias = PackedX | ImageX | GatheredX
Y: TypeAlias = PackedY | DenseY


def multiply_panels(
    tile: TypedTile, x: X, y: Y, store: Results | Planes | Activations, tiles: Tiles, share: Share
) -> None:
    """The blocks of a share: a function of compiled code."""
    steps = tiles.steps
    row_begin, row_end, column_begin, column_end, thread = share
    panel = steps * STEP_WORDS
    width = min(max(1, COLUMN_ROOM // panel), column_end - column_begin)
    all_columns = width == column_end - column_begin
    height = 1 if all_columns else max(1, ROW_ROOM // panel)
    configure_tiles(tile)
    columns = column_panels(tile, y, column_begin, column_begin + width, thread)
    for top in range(row_begin, row_end, height):
        bottom = min(top + height, row_end)
        rows = row_panels(x, top, bottom, thread)
        for left in range(column_begin, column_end, width):
            right = min(left + width, column_end)
            if not all_columns:
                columns = column_panels(tile, y, left, right, thread)
            for i in range(top, bottom):
                for j in range(left, right):
                    emit(tile, rows, columns, store, Place(i, j, 0, steps))
    release_tiles(tile)


def row_panels(x: X, begin: int, end: int, thread: int) -> PanelX | ImageX:
    """The rows of the tiles [begin, end): a function of compiled code, as :func:`column_panels` is."""
    raise NotImplementedError


@overload(row_panels, jit_options=OPTIONS, strict=False)  # type: ignore[untyped-decorator]
def _row_panels(
    x: types.BaseNamedTuple, begin: types.Integer, end: types.Integer, thread: types.Integer
) -> Callable[..., object]:
    if x.instance_class is GatheredX:
        return lambda x, begin, end, thread: gathered(x, begin, end, thread)
    if x.instance_class is ImageX:
        return lambda x, begin, end, thread: x
    return lambda x, begin, end, thread: PanelX(x.words, 0)


@compiled()
def gathered(x: GatheredX, begin: int, end: int, thread: int) -> PanelX:
    """The words of a row at a step, side by side: at once where they lie so in the image."""
    image, pixels, taps, rooms = x
    room, target = rooms[thread], 0
    for tile in range(begin, end):
        for first in range(0, len(taps), WORDS):
            together = taps[first + WORDS - 1] - taps[first] == WORDS - 1
            for row in range(tile * ROWS, (tile + 1) * ROWS):
                pixel = pixels[row]
                if together:
                    copy_words(address(image, pixel + taps[first]), address(room, target))
                else:
                    for word in range(WORDS):
                        set_flat_item(room, target + word, flat_item(image, pixel + taps[first + word]))
                target += WORDS
    return PanelX(room[:target].reshape(end - begin, len(taps) // WORDS, ROWS, WORDS), begin)


def column_panels(tile: TypedTile, y: Y, begin: int, end: int, thread: int) -> PanelY:
    """The columns of the tiles [begin, end)."""
    raise NotImplementedError


@overload(column_panels, jit_options=OPTIONS, strict=False)  # type: ignore[untyped-decorator]
def _column_panels(
    tile: TileType,
    y: types.BaseNamedTuple,
    begin: types.Integer,
    end: types.Integer,
    thread: types.Integer,
) -> Callable[..., object]:
    if y.instance_class is DenseY:
        return lambda tile, y, begin, end, thread: unpacked(tile, y, begin, end, thread)
    return lambda tile, y, begin, end, thread: PanelY(y.words, 0)


@compiled()
def unpacked(tile: TypedTile, y: DenseY, begin: int, end: int, thread: int) -> PanelY:
    """What the product's step multiplies x by."""
    tiles, steps = end - begin, y.words.shape[1]
    panels = y.rooms[thread][: tiles * steps * STEP_WORDS].reshape(tiles, steps, WORDS, STEP_WORDS // WORDS)
    for j in range(begin, end):
        unpack_columns(tile, PackedY(y.words), panels, Place(0, j, 0, steps), j - begin)
    return PanelY(panels, begin)
