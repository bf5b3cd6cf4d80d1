"""What compiled functions are made of beside Python: the register tile, its emission, and pointers.

Numba's disk cache knows a function by the types of its arguments. A tile is therefore passed as an argument of a type
of its own, where a function that closes over its tile would miss the cache in every process.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.core.typing import BaseContext as TypingContext
from numba.core.typing import Signature
from numba.extending import NativeValue, intrinsic, models, register_model, typeof_impl, unbox

from fatnn_kernels import quantise
from fatnn_kernels.accumulate import accumulate
from fatnn_kernels.epilogue import StoreResults
from fatnn_kernels.formula import digest
from fatnn_kernels.matrix_tiles import check_block, store_tiles
from fatnn_kernels.memory import Here, Memory
from fatnn_kernels.obstacle import misfit
from fatnn_kernels.sums import Words
from fatnn_kernels.target import current_target
from fatnn_kernels.tile import Tile

Args: TypeAlias = Sequence[ir.Value]
#: What an intrinsic is to Numba: its types, and the function that appends its code.
Emission: TypeAlias = tuple[Signature, Callable[[BaseContext, ir.IRBuilder, Signature, Args], ir.Value]]


class _Unboxing(Protocol):
    """Numba's arguments of an unboxing function."""

    context: BaseContext


class TypedTile:
    """A tile as an argument of functions that are compiled for this machine; ValueError where it cannot run it."""

    def __init__(self, tile: Tile) -> None:
        if lacks := misfit(tile, current_target()):
            raise ValueError(f"{tile.product.name}: {lacks}")
        if tile.product.way == "tiles":
            check_block(tile)
        typ = TileType(tile)
        self.tile, self.type = tile, _CALLED_WITH.setdefault(typ.name, typ)


class TileType(types.Opaque):  # type: ignore[misc]
    """The type of one tile. Its name says all that code is specialised on, so that the disk cache can serve it.

    The cache's index holds the types of every kernel in it, a plugin's among them, whose modules another process may
    not find: a type is kept there by its name alone.
    """

    def __init__(self, tile: Tile) -> None:
        self.tile = tile
        shape = f"{tile.rows}x{tile.vectors}x{tile.lanes}"
        super().__init__(f"Tile({tile.product.name}, {digest(tile.product)}, {shape}, {tile.counting})")

    def __reduce__(self) -> tuple[Callable[[str], "TileType"], tuple[str]]:
        return _by_name, (self.name,)


#: The types that this process has called something with.
_CALLED_WITH: dict[str, TileType] = {}


def _by_name(name: str) -> TileType:
    """A type that the index holds: this process' own, or one to compare with, which nothing can be compiled for."""
    if name in _CALLED_WITH:
        return _CALLED_WITH[name]
    unknown = TileType.__new__(TileType)
    types.Opaque.__init__(unknown, name)
    return unknown


register_model(TileType)(models.OpaqueModel)


@typeof_impl.register(TypedTile)  # type: ignore[untyped-decorator]
def _typeof_tile(value: TypedTile, context: object) -> TileType:
    return value.type


@unbox(TileType)  # type: ignore[untyped-decorator]
def _unbox_tile(typ: TileType, value: ir.Value, c: _Unboxing) -> NativeValue:
    return NativeValue(c.context.get_dummy_value())


@intrinsic  # type: ignore[untyped-decorator]
def emit(
    typingctx: TypingContext,
    tile: TileType,
    x: types.BaseNamedTuple,
    y: types.BaseNamedTuple,
    store: types.BaseNamedTuple,
    place: types.BaseNamedTuple,
) -> Emission:
    """Compute one tile of a result.

    Parameters
    ----------
    tile
        A :class:`TypedTile`.
    x, y
        Where operands lie; the named tuples of :mod:`fatnn_kernels.operands`.
    store
        What becomes of the sums; the named tuples of :mod:`fatnn_kernels.epilogue`.
    place
        A :class:`fatnn_kernels.memory.Place`.
    """

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        *first, steps = cgutils.unpack_tuple(builder, args[-1])
        here = Here(builder, tile.tile, *first)
        rows, columns, sink = (
            typ.instance_class.at(here, *fields(context, builder, typ, value))
            for typ, value in zip((x, y, store), args[1:], strict=False)
        )
        words = Words(tile.tile, rows, columns)
        if tile.tile.product.way == "tiles" and isinstance(sink, StoreResults):
            store_tiles(builder, words, steps, sink)
        else:
            sink.emit(builder, tile.tile, accumulate(builder, words, steps))
        return context.get_dummy_value()

    return types.void(tile, x, y, store, place), codegen


def fields(
    context: BaseContext, builder: ir.IRBuilder, named: types.BaseNamedTuple, value: ir.Value
) -> Iterator[Memory | ir.Value]:
    """The fields of a named tuple: arrays as memory, numbers as they are."""
    for typ, field in zip(named.types, cgutils.unpack_tuple(builder, value), strict=True):
        yield _memory(context, builder, typ, field) if isinstance(typ, types.Array) else field


def _memory(context: BaseContext, builder: ir.IRBuilder, typ: types.Array, value: ir.Value) -> Memory:
    array = context.make_array(typ)(context, builder, value)
    return Memory(array.data, cgutils.unpack_tuple(builder, array.shape))


@intrinsic  # type: ignore[untyped-decorator]
def emit_quantiser(
    typingctx: TypingContext,
    tile: TileType,
    values: types.CPointer,
    words: types.CPointer,
    bounds: types.CPointer,
    chunks: types.Integer,
) -> Emission:
    """Quantise ``chunks`` × 32 floats into words; see :mod:`fatnn_kernels.quantise`."""

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        quantise.emit(builder, tile.tile, *args[1:])
        return context.get_dummy_value()

    return types.void(tile, values, words, bounds, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def quantised_words(typingctx: TypingContext, tile: TileType) -> Emission:
    """Words that a chunk of values is quantised to, a constant."""
    words = quantise.words_of_chunk(tile.tile.product)
    return types.int64(tile), lambda context, builder, signature, args: ir.Constant(ir.IntType(64), words)


@intrinsic  # type: ignore[untyped-decorator]
def flat_item(typingctx: TypingContext, array: types.Array, offset: types.Integer) -> Emission:
    """The item of an array at a flat offset."""

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        return builder.load(_item(context, builder, signature, args))

    return array.dtype(array, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def set_flat_item(typingctx: TypingContext, array: types.Array, offset: types.Integer, value: types.Type) -> Emission:
    """Set the item of an array at a flat offset."""

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        builder.store(args[2], _item(context, builder, signature, args))
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), codegen


@intrinsic  # type: ignore[untyped-decorator]
def popcount_word(typingctx: TypingContext, word: types.Integer) -> Emission:
    """One-bits of a 32-bit word, as int32."""

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        return builder.ctpop(args[0])

    return types.int32(types.uint32), codegen


@intrinsic  # type: ignore[untyped-decorator]
def address(typingctx: TypingContext, array: types.Array, offset: types.Integer) -> Emission:
    """Pointer to the item of an array at a flat offset."""
    return types.CPointer(array.dtype)(array, types.int64), _item


def _item(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
    """The address of an item: an array and a flat offset are the first arguments."""
    data = context.make_array(signature.args[0])(context, builder, args[0]).data
    return builder.gep(data, [args[1]])


@intrinsic  # type: ignore[untyped-decorator]
def barrier(typingctx: TypingContext) -> Emission:
    """Memory may have changed: keeps the optimiser from merging two passes of a loop."""

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        empty = ir.FunctionType(ir.VoidType(), [])
        builder.call(ir.InlineAsm(empty, "", "~{memory}", side_effect=True), [])
        return context.get_dummy_value()

    return types.void(), codegen
