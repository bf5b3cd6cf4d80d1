"""Panels of matrix tiles, and what compiled code makes them with."""

from typing import NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.core.typing import BaseContext as TypingContext
from numba.core.typing import Signature
from numba.extending import intrinsic
from numpy.typing import NDArray

from fatnn_kernels import matrix_tiles
from fatnn_kernels.aligned import aligned
from fatnn_kernels.geometry import Geometry
from fatnn_kernels.intrinsics import Args, Emission, TileType, fields
from fatnn_kernels.matrix_tiles import ROWS, STEP_WORDS, WORDS, PanelColumns, PanelRows
from fatnn_kernels.memory import Here, Memory
from fatnn_kernels.offsets import lie_evenly
from fatnn_kernels.operands import PackedY, RegisterOperand, Source
from fatnn_kernels.product import Product
from fatnn_kernels.sums import Words
from fatnn_kernels.tile import Tile, constant
from fatnn_kernels.vector import I32, load, store

#: Words of the rooms of a thread: most of the second-level cache of CPUs that have tiles, 2 MiB.
ROW_ROOM, COLUMN_ROOM = 512 * 1024 // 4, 1024 * 1024 // 4
#: Rows of a tile that are worth more than gathering all sixteen.
_FEWEST_ROWS = 12


class PanelX(NamedTuple):
    """x, as matrix tiles take it."""

    words: NDArray[np.uint32]  #: [tile][step][row][word]
    first: int  #: the tile that it begins with

    @staticmethod
    def at(here: Here, words: Memory, first: ir.Value) -> Source:
        """The rows of a block, from its first step on."""
        return PanelRows(words.at(here.builder, here.builder.sub(here.row_tile, first), here.step))


class PanelY(NamedTuple):
    """y, as matrix tiles take it."""

    words: NDArray[np.uint32]  #: [tile][step][word][column]
    first: int  #: the tile that it begins with

    @staticmethod
    def at(here: Here, words: Memory, first: ir.Value) -> Source:
        """The columns of a block, from its first step on."""
        return PanelColumns(words.at(here.builder, here.builder.sub(here.column_tile, first), here.step))


class GatheredX(NamedTuple):
    """x, in an image whose rows or taps do not lie as tiles take them: as :class:`fatnn_kernels.operands.ImageX`."""

    image: NDArray[np.uint32]
    pixels: NDArray[np.int64]  #: [rows], words from the image's begin
    taps: NDArray[np.int64]  #: [steps · words], words from there
    rooms: NDArray[np.uint32]  #: [threads, words], where panels are made of it


class DenseY(NamedTuple):
    """y, packed denser than tiles take it."""

    words: NDArray[np.uint32]  #: [tile][step][word][column]
    rooms: NDArray[np.uint32]  #: [threads, words], where panels are made of it


def rows_of_tiles(product: Product, geometry: Geometry) -> int:
    """Pixels of a tile: as many as divide a row of the result, where few rows of registers are then empty."""
    if geometry.in_channels % product.values_per_step:
        return ROWS // 2
    most = max(rows for rows in range(1, ROWS // 2 + 1) if geometry.out_width % rows == 0)
    return most if most >= _FEWEST_ROWS else ROWS // 2


def row_rooms(tile: Tile, pixels: NDArray[np.int64], taps: NDArray[np.int64]) -> NDArray[np.uint32] | None:
    """Where rows of an image are gathered; None where they are taken as they are: evenly apart, if tiles take them."""
    if tile.product.way != "tiles" or lie_evenly(pixels, taps, tile.rows // 2, WORDS):
        return None
    return _rooms(ROW_ROOM, len(taps) // WORDS)


def columns(tile: Tile, words: NDArray[np.uint32]) -> PackedY | DenseY:
    """Packed columns as they are, or to be unpacked if a product by tiles has them denser."""
    if tile.product.way != "tiles" or tile.product.words("y") == WORDS:
        return PackedY(words)
    return DenseY(words, _rooms(COLUMN_ROOM, words.shape[1]))


def _rooms(words: int, steps: int) -> NDArray[np.uint32]:
    """For as many threads as there may be; memory that none has written is none."""
    return aligned((numba.config.NUMBA_NUM_THREADS, max(words, steps * STEP_WORDS)), np.uint32)


@intrinsic  # type: ignore[untyped-decorator]
def unpack_columns(
    typingctx: TypingContext,
    tile: TileType,
    y: types.BaseNamedTuple,
    room: types.Array,
    place: types.BaseNamedTuple,
    index: types.Integer,
) -> Emission:
    """Make a panel of a tile's columns, ``room[index]``; see :func:`fatnn_kernels.matrix_tiles.unpack`."""

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        *first, steps = cgutils.unpack_tuple(builder, args[3])
        here = Here(builder, tile.tile, *first)
        columns = PackedY.at(here, *fields(context, builder, y, args[1]))
        words = Words(tile.tile, RegisterOperand([]), columns)
        size = builder.mul(steps, constant(STEP_WORDS))
        panel = context.make_array(room)(context, builder, args[2]).data
        matrix_tiles.unpack(builder, words, steps, builder.gep(panel, [builder.mul(args[4], size)]))
        return context.get_dummy_value()

    return types.void(tile, y, room, place, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def copy_words(typingctx: TypingContext, source: types.CPointer, target: types.CPointer) -> Emission:
    """Copy the words of a row at a step."""

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        store(builder, load(builder, args[0], ir.VectorType(I32, WORDS)), args[1])
        return context.get_dummy_value()

    return types.void(source, target), codegen


@intrinsic  # type: ignore[untyped-decorator]
def configure_tiles(typingctx: TypingContext, tile: TileType) -> Emission:
    """Give this thread the registers of matrix tiles, if the tile is of them."""

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        if tile.tile.counting == "amx":
            matrix_tiles.configure(builder, tile.tile)
        return context.get_dummy_value()

    return types.void(tile), codegen


@intrinsic  # type: ignore[untyped-decorator]
def release_tiles(typingctx: TypingContext, tile: TileType) -> Emission:
    """Take them back."""

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        if tile.tile.counting == "amx":
            matrix_tiles.release(builder)
        return context.get_dummy_value()

    return types.void(tile), codegen
