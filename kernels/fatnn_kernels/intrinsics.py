"""What the compiled driver is made of: the register tile and pointers, as Numba sees them.

Numba's disk cache knows a function by the types of its arguments. A tile is therefore passed as an argument of a type
of its own, where a function that closes over its tile would miss the cache in every process.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import NativeValue, intrinsic, models, register_model, typeof_impl, unbox

from fatnn_kernels import quantise
from fatnn_kernels.accumulate import accumulate
from fatnn_kernels.activation import StoreActivations
from fatnn_kernels.epilogue import StorePlanes, StoreResults
from fatnn_kernels.formula import digest
from fatnn_kernels.operands import PackedColumns, PackedRows, RegisterOperand, TappedRows
from fatnn_kernels.sums import Words
from fatnn_kernels.tile import Tile


class TypedTile:
    """A tile as an argument of compiled functions."""

    def __init__(self, tile: Tile) -> None:
        self.tile = tile


class TileType(types.Opaque):  # type: ignore[misc]
    """The type of one tile. Its name says all that code is specialised on, so that the disk cache can serve it."""

    def __init__(self, tile: Tile) -> None:
        self.tile = tile
        shape = f"{tile.rows}x{tile.vectors}x{tile.lanes}"
        super().__init__(f"Tile({tile.product.name}, {digest(tile.product)}, {shape}, {tile.counting})")


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
    """C = x·yᵀ of one tile; the arguments are those of :func:`accumulate` and :class:`StoreResults`."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        _, x, y, words, *results = args
        sums = accumulate(builder, Words(tile.tile, PackedRows(x), PackedColumns(y)), words)
        StoreResults(*results).emit(builder, tile.tile, sums)
        return context.get_dummy_value()

    return types.void(tile, x, y, types.int64, x_term, y_term, types.boolean, c, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def emit_register_tile(
    typingctx: Any, tile: Any, x: Any, y: Any, words: Any, x_term: Any, y_term: Any, first: Any, c: Any, c_stride: Any
) -> Any:
    """As :func:`emit_tile`, with the first word of x and y in registers, used again and again."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        _, x, y, words, *results = args
        zero = ir.Constant(ir.IntType(64), 0)
        rows = RegisterOperand(PackedRows(x).words(builder, tile.tile, zero, 0))
        columns = RegisterOperand(PackedColumns(y).words(builder, tile.tile, zero, 0))
        sums = accumulate(builder, Words(tile.tile, rows, columns), words)
        StoreResults(*results).emit(builder, tile.tile, sums)
        return context.get_dummy_value()

    return types.void(tile, x, y, types.int64, x_term, y_term, types.boolean, c, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def emit_tapped_tile(
    typingctx: Any,
    tile: Any,
    x: Any,
    pixels: Any,
    taps: Any,
    y: Any,
    words: Any,
    x_term: Any,
    y_term: Any,
    first: Any,
    c: Any,
    c_stride: Any,
) -> Any:
    """C = x·yᵀ of one tile whose rows lie in an image, at ``pixels`` [rows] and ``taps`` [words]."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        sums, results = _tapped_sums(builder, tile.tile, args)
        StoreResults(*results).emit(builder, tile.tile, sums)
        return context.get_dummy_value()

    return types.void(tile, x, pixels, taps, y, types.int64, x_term, y_term, types.boolean, c, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def emit_fused_tile(
    typingctx: Any,
    tile: Any,
    x: Any,
    pixels: Any,
    taps: Any,
    y: Any,
    words: Any,
    x_term: Any,
    y_term: Any,
    thresholds: Any,
    stride: Any,
    out: Any,
    targets: Any,
    column: Any,
) -> Any:
    """As :func:`emit_tapped_tile`, with results quantised into the words at ``out`` + ``targets`` [rows]."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        sums, results = _tapped_sums(builder, tile.tile, args)
        StorePlanes(*results).emit(builder, tile.tile, sums)
        return context.get_dummy_value()

    int64 = types.int64
    signature = types.void(tile, x, pixels, taps, y, int64, x_term, y_term, thresholds, int64, out, targets, int64)
    return signature, codegen


@intrinsic  # type: ignore[untyped-decorator]
def emit_activation_tile(
    typingctx: Any,
    tile: Any,
    x: Any,
    pixels: Any,
    taps: Any,
    y: Any,
    words: Any,
    x_term: Any,
    y_term: Any,
    affine: Any,
    stride: Any,
    floor: Any,
    has_skip: Any,
    skip: Any,
    out: Any,
    targets: Any,
    column: Any,
) -> Any:
    """As :func:`emit_tapped_tile`, with results made float32 activations by :class:`StoreActivations`."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        sums, results = _tapped_sums(builder, tile.tile, args)
        StoreActivations(*results).emit(builder, tile.tile, sums)
        return context.get_dummy_value()

    int64 = types.int64
    signature = types.void(
        tile, x, pixels, taps, y, int64, x_term, y_term, affine, int64, types.float32, types.boolean, skip, out,
        targets, int64,
    )  # fmt: skip
    return signature, codegen


def _tapped_sums(builder: ir.IRBuilder, tile: Any, args: Any) -> tuple[list[ir.Value], Any]:
    """The sums of a tile whose rows lie in an image, and the arguments that say what becomes of them."""
    _, x, pixels, taps, y, words, *results = args
    rows = TappedRows(_pointers(builder, x, pixels, tile.rows), taps)
    return accumulate(builder, Words(tile, rows, PackedColumns(y)), words), results


def _pointers(builder: ir.IRBuilder, base: ir.Value, offsets: ir.Value, count: int) -> list[ir.Value]:
    """``base + offsets[i]`` for each of ``count`` offsets."""
    return [
        builder.gep(base, [builder.load(builder.gep(offsets, [ir.Constant(ir.IntType(64), i)]))]) for i in range(count)
    ]


@intrinsic  # type: ignore[untyped-decorator]
def emit_quantiser(typingctx: Any, tile: Any, values: Any, words: Any, bounds: Any, chunks: Any) -> Any:
    """Quantise ``chunks`` × 32 floats into words; see :mod:`fatnn_kernels.quantise`."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        quantise.emit(builder, tile.tile, *args[1:])
        return context.get_dummy_value()

    return types.void(tile, values, words, bounds, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def tile_rows(typingctx: Any, tile: Any) -> Any:
    """Rows of the tile, a constant."""
    rows = tile.tile.rows
    return types.int64(tile), lambda context, builder, signature, args: ir.Constant(ir.IntType(64), rows)


@intrinsic  # type: ignore[untyped-decorator]
def quantised_words(typingctx: Any, tile: Any) -> Any:
    """Words that a chunk of values is quantised to, a constant."""
    words = quantise.words_of_chunk(tile.tile.product)
    return types.int64(tile), lambda context, builder, signature, args: ir.Constant(ir.IntType(64), words)


@intrinsic  # type: ignore[untyped-decorator]
def flat_item(typingctx: Any, array: Any, offset: Any) -> Any:
    """The item of an array at a flat offset."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.load(builder.gep(data, [args[1]]))

    return array.dtype(array, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def set_flat_item(typingctx: Any, array: Any, offset: Any, value: Any) -> Any:
    """Set the item of an array at a flat offset."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        builder.store(args[2], builder.gep(data, [args[1]]))
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), codegen


@intrinsic  # type: ignore[untyped-decorator]
def popcount_word(typingctx: Any, word: Any) -> Any:
    """One-bits of a 32-bit word, as int32."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int32(types.uint32), codegen


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
