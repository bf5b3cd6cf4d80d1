"""Quantise and pack: 32 floats at a time become the words of an operand, in one pass.

- Bit codes: ge[i] = value ≥ bounds[i]; the masks that :attr:`BitCode.planes` makes of these comparisons are the
packed bits.
- int8: R(clip(value · bounds[0], −128, 127)), R is round-half-even.
- float32: as it is.

A NaN compares false with every bound and becomes the lowest level; as int8 it becomes −128.
"""

from llvmlite import ir

from fatnn_kernels import int8
from fatnn_kernels.codec import BitCode
from fatnn_kernels.epilogue import whole_bytes
from fatnn_kernels.product import Product
from fatnn_kernels.tile import Tile, loop
from fatnn_kernels.vector import F32, I8, I16, I32, I64, Vector, load, splat, store

#: Values that are quantised together: the bits of a word.
CHUNK = 32


def words_of_chunk(product: Product) -> int:
    """Words that 32 values become, all planes together."""
    return CHUNK // product.values_per_word * product.x_planes


def emit(
    builder: ir.IRBuilder, tile: Tile, values: ir.Value, words: ir.Value, bounds: ir.Value, chunks: ir.Value
) -> None:
    """Append a loop over chunks: ``values`` float*, ``words`` u32*, ``bounds`` float*, ``chunks`` i64 ≥ 1."""
    size = words_of_chunk(tile.product)

    def body(chunk: ir.Value, _: object) -> list[ir.Value]:
        source = builder.gep(values, [builder.mul(chunk, ir.Constant(I64, CHUNK))])
        target = builder.gep(words, [builder.mul(chunk, ir.Constant(I64, size))])
        _chunk(builder, tile, source, target, bounds)
        return []

    loop(builder, ir.Constant(I64, 0), chunks, 1, [], body)


def _chunk(builder: ir.IRBuilder, tile: Tile, source: ir.Value, target: ir.Value, bounds: ir.Value) -> None:
    code = tile.product.encode_x
    lanes = ir.VectorType(F32, tile.lanes)
    pieces = [
        load(builder, builder.gep(source, [ir.Constant(I64, first)]), lanes) for first in range(0, CHUNK, tile.lanes)
    ]
    if isinstance(code, BitCode):
        _bits(builder, tile, code, pieces, target, bounds)
    elif tile.product.accumulate == "float32":
        for i, piece in enumerate(pieces):
            store(builder, piece, builder.gep(target, [ir.Constant(I64, i * tile.lanes)]))
    else:
        _integers(builder, tile, pieces, target, bounds)


def _bits(
    builder: ir.IRBuilder, tile: Tile, code: BitCode, pieces: list[ir.Value], target: ir.Value, bounds: ir.Value
) -> None:
    limits = [
        splat(builder, builder.load(builder.gep(bounds, [ir.Constant(I64, i)])), tile.lanes)
        for i in range(len(code.levels) - 1)
    ]
    masks = []
    for piece in pieces:
        ge = [Vector(builder, builder.fcmp_ordered(">=", piece, limit)) for limit in limits]
        masks.append([mask.value for mask in code.planes(ge)])
    for plane, of_plane in enumerate(zip(*masks, strict=True)):
        word = builder.bitcast(builder.gep(target, [ir.Constant(I64, plane)]), I8.as_pointer())
        for first, bits in whole_bytes(builder, of_plane):
            store(builder, bits, builder.gep(word, [ir.Constant(I64, first // 8)]), align=1)


def _integers(builder: ir.IRBuilder, tile: Tile, pieces: list[ir.Value], target: ir.Value, bounds: ir.Value) -> None:
    """R(clip(value · scale)) as int16 pairs or bytes; + 128 where the code has that offset."""
    scale = splat(builder, builder.load(bounds), tile.lanes)
    item = I16 if tile.product.values_per_word == 2 else I8
    offset = 128 if tile.product.encode_x is int8.encode_offset else 0
    target = builder.bitcast(target, item.as_pointer())
    for i, piece in enumerate(pieces):
        rounded = _rounded(builder, builder.fmul(piece, scale))
        whole = builder.fptosi(rounded, ir.VectorType(I32, tile.lanes))
        if offset:
            whole = builder.add(whole, ir.Constant(whole.type, [offset] * tile.lanes))
        narrow = builder.trunc(whole, ir.VectorType(item, tile.lanes))
        store(builder, narrow, builder.gep(target, [ir.Constant(I64, i * tile.lanes)]), align=1)


def _rounded(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """R(clip(value, −128, 127)); the comparison is false for a NaN, which becomes −128."""
    lanes = value.type.count
    low, high = (ir.Constant(value.type, [limit] * lanes) for limit in (-128.0, 127.0))
    value = builder.select(builder.fcmp_ordered(">", value, low), value, low)
    value = builder.select(builder.fcmp_ordered("<", value, high), value, high)
    name = f"llvm.roundeven.v{lanes}f32"
    declared = builder.module.globals.get(name)
    function = declared or ir.Function(builder.module, ir.FunctionType(value.type, [value.type]), name)
    return builder.call(function, [value])
