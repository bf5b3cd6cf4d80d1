"""What the compiled driver is made of: the register tile and pointers, as Numba sees them.

Numba's disk cache knows a function by the types of its arguments. A tile is therefore passed as an argument of a type
of its own, where a function that closes over its tile would miss the cache in every process.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import NativeValue, intrinsic, models, register_model, typeof_impl, unbox

from fatnn_kernels import tile as tiles
from fatnn_kernels.tile import Tile


class TypedTile:
    """A tile as an argument of compiled functions."""

    def __init__(self, tile: Tile) -> None:
        self.tile = tile


class TileType(types.Opaque):  # type: ignore[misc]
    """The type of one tile. Its name says all that code is specialised on, so that the disk cache can serve it."""

    def __init__(self, tile: Tile) -> None:
        self.tile = tile
        counting = "bytes" if tile.count_in_bytes else "words"
        shape = f"{tile.rows}x{tile.vectors}x{tile.lanes}"
        super().__init__(f"Tile({tile.product.name}, {shape}, words of {tile.product.values_per_word}, {counting})")


register_model(TileType)(models.OpaqueModel)


@typeof_impl.register(TypedTile)  # type: ignore[untyped-decorator]
def _typeof_tile(value: TypedTile, context: Any) -> TileType:
    return TileType(value.tile)


@unbox(TileType)  # type: ignore[untyped-decorator]
def _unbox_tile(typ: Any, obj: Any, c: Any) -> Any:
    return NativeValue(c.context.get_dummy_value())


@intrinsic  # type: ignore[untyped-decorator]
def emit_tile(
    typingctx: Any, tile: Any, x: Any, y: Any, words: Any, x_term: Any, y_term: Any, first: Any, c: Any, c_stride: Any
) -> Any:
    """Run the tile; the arguments are those of :class:`fatnn_kernels.tile.TileArguments`."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        tiles.emit(builder, tile.tile, tiles.TileArguments(*args[1:]))
        return context.get_dummy_value()

    return types.void(tile, x, y, types.int64, x_term, y_term, types.boolean, c, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def address(typingctx: Any, array: Any, offset: Any) -> Any:
    """Pointer to the item of an array at a flat offset."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.gep(data, [args[1]])

    return types.CPointer(array.dtype)(array, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def barrier(typingctx: Any) -> Any:
    """Memory may have changed: keeps the optimiser from merging two passes of a loop."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        empty = ir.FunctionType(ir.VoidType(), [])
        builder.call(ir.InlineAsm(empty, "", "~{memory}", side_effect=True), [])
        return context.get_dummy_value()

    return types.void(), codegen
