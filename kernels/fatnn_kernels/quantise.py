"""Quantise and pack: 32 floats at a time become the words of an operand, in one pass, as the codec of x has it."""

from llvmlite import ir

from fatnn_kernels.product import Product
from fatnn_kernels.tile import Tile, constant, loop
from fatnn_kernels.vector import F32, I64, Vector, load, splat

#: Values that are quantised together: the bits of a word.
CHUNK = 32


def words_of_chunk(product: Product) -> int:
    """Words that 32 values become, all planes together."""
    codec = product.x.codec
    return CHUNK * codec.planes * codec.word_bytes // (codec.values_per_word * 4)


def emit(
    builder: ir.IRBuilder, tile: Tile, values: ir.Value, words: ir.Value, bounds: ir.Value, chunks: ir.Value
) -> None:
    """Append a loop over chunks: ``values`` float*, ``words`` u32*, ``bounds`` float*, ``chunks`` i64 ≥ 1."""
    codec, size, lanes = tile.product.x.codec, words_of_chunk(tile.product), ir.VectorType(F32, tile.lanes)

    def body(chunk: ir.Value, _: object) -> list[ir.Value]:
        source = builder.gep(values, [builder.mul(chunk, constant(CHUNK))])
        target = builder.gep(words, [builder.mul(chunk, constant(size))])
        pieces = [
            Vector(builder, load(builder, builder.gep(source, [constant(first)]), lanes))
            for first in range(0, CHUNK, tile.lanes)
        ]
        limits = [
            Vector(builder, splat(builder, builder.load(builder.gep(bounds, [constant(i)])), tile.lanes))
            for i in range(codec.bounds)
        ]
        codec.quantise(builder, pieces, lambda i, v: limits[i], target, constant(0))
        return []

    loop(builder, ir.Constant(I64, 0), chunks, 1, [], body)
