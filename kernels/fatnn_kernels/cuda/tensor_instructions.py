"""The instructions of a GPU's tensor cores, and what feeds them: for CUDA code, of compute capability 8.0 or later.

Names, sizes and the layout of fragments are those of NVIDIA's "Parallel Thread Execution ISA", sections on
``mma.m16n8k256`` with ``.b1`` operands, on ``ldmatrix`` and on ``cp.async``. Arrays are contiguous, and indices those
of their memory.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.cuda.extending import intrinsic

_WORD, _LONG = ir.IntType(32), ir.IntType(64)
#: The address space of shared memory.
_SHARED = 3


@intrinsic  # type: ignore[untyped-decorator]
def add_and_popcounts(
    typingctx: Any, c0: Any, c1: Any, c2: Any, c3: Any, a0: Any, a1: Any, a2: Any, a3: Any, b0: Any, b1: Any
) -> Any:
    """A warp's sums [16, 8] plus, for each, the ones of the AND of a row of a and a column of b, of 256 bits.

    Of lane 4g + t, c are columns 2t and 2t + 1 of row g, then of row g + 8; a are words t of rows g and g + 8, then
    words t + 4 of them; b are words t and t + 4 of column g.
    """
    operands = (types.int32,) * 4 + (types.uint32,) * 6

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        instruction = ir.InlineAsm(
            ir.FunctionType(ir.LiteralStructType([_WORD] * 4), [_WORD] * 10),
            "mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32.and.popc "
            "{$0, $1, $2, $3}, {$8, $9, $10, $11}, {$12, $13}, {$4, $5, $6, $7};",
            ",".join(["=r"] * 4 + ["r"] * 10),
            side_effect=False,
        )
        sums = builder.call(instruction, args)
        return context.make_tuple(builder, signature.return_type, [builder.extract_value(sums, i) for i in range(4)])

    return types.UniTuple(types.int32, 4)(*operands), codegen


@intrinsic  # type: ignore[untyped-decorator]
def begin_copy(typingctx: Any, shared: Any, to: Any, memory: Any, first: Any, words: Any) -> Any:
    """Begin to copy 4, 2 or 1 words (a literal), ``memory[first:]`` to ``shared[to:]``, both aligned to as many."""
    if not isinstance(words, types.IntegerLiteral):
        return None
    count = words.literal_value
    cached = "cg" if count == 4 else "ca"  # past L1 there are only copies of four

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        target, source = (_address(context, builder, signature, args, at) for at in (0, 2))
        shared_target = builder.addrspacecast(target, ir.PointerType(_WORD, _SHARED))
        text = f"cp.async.{cached}.shared.global [$0], [$1], {4 * count};"
        _perform(builder, text, "r,l", (shared_target, _WORD), (source, _LONG))
        return context.get_dummy_value()

    return types.void(shared, types.int64, memory, types.int64, words), codegen


@intrinsic  # type: ignore[untyped-decorator]
def end_group(typingctx: Any) -> Any:
    """All copies begun since the last group are one, should there be none."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        _perform(builder, "cp.async.commit_group;", "")
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic  # type: ignore[untyped-decorator]
def await_groups(typingctx: Any, pending: Any) -> Any:
    """Wait until no more than so many of this thread's groups, a literal number, are under way."""
    if not isinstance(pending, types.IntegerLiteral):
        return None
    count = pending.literal_value

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        _perform(builder, f"cp.async.wait_group {count};", "")
        return context.get_dummy_value()

    return types.void(pending), codegen


@intrinsic  # type: ignore[untyped-decorator]
def load_blocks(typingctx: Any, shared: Any, first: Any) -> Any:
    """Four blocks of 8 rows of 4 words: lane 8b + r tells where row r of block b begins, aligned to 16 bytes.

    Lane 4g + t gets word t of row g of each block.
    """

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        pointer = builder.addrspacecast(_address(context, builder, signature, args, 0), ir.PointerType(_WORD, _SHARED))
        instruction = ir.InlineAsm(
            ir.FunctionType(ir.LiteralStructType([_WORD] * 4), [_WORD]),
            "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {$0, $1, $2, $3}, [$4];",
            "=r,=r,=r,=r,r,~{memory}",
            side_effect=True,
        )
        words = builder.call(instruction, [builder.ptrtoint(pointer, _WORD)])
        return context.make_tuple(builder, signature.return_type, [builder.extract_value(words, i) for i in range(4)])

    return types.UniTuple(types.uint32, 4)(shared, types.int64), codegen


@intrinsic  # type: ignore[untyped-decorator]
def store_pair(typingctx: Any, memory: Any, first: Any, one: Any, other: Any) -> Any:
    """Write ``memory[first]`` and the sum behind it, by one store; first is even."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        value = ir.Constant(ir.VectorType(_WORD, 2), ir.Undefined)
        for i, word in enumerate(args[2:]):
            value = builder.insert_element(value, word, ir.Constant(_WORD, i))
        pointer = builder.bitcast(_address(context, builder, signature, args, 0), value.type.as_pointer())
        builder.store(value, pointer, align=8)
        return context.get_dummy_value()

    return types.void(memory, types.int64, types.int32, types.int32), codegen


def _address(context: Any, builder: ir.IRBuilder, signature: Any, args: Any, at: int) -> ir.Value:
    """Where the item lies that an array, argument ``at``, has at the index behind it."""
    array = context.make_array(signature.args[at])(context, builder, args[at])
    return builder.gep(array.data, [args[at + 1]])


def _perform(builder: ir.IRBuilder, text: str, constraints: str, *addresses: tuple[ir.Value, ir.Type]) -> None:
    """An instruction of no result, given addresses, each as a number of a type."""
    numbers = [builder.ptrtoint(pointer, kind) for pointer, kind in addresses]
    signature = ir.FunctionType(ir.VoidType(), [kind for _, kind in addresses])
    clobbers = ",".join(filter(None, [constraints, "~{memory}"]))
    builder.call(ir.InlineAsm(signature, text, clobbers, side_effect=True), numbers)
