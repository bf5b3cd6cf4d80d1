import re

import llvmlite.binding as llvm
import pytest
from llvmlite import ir

from fatnn_kernels import PRODUCTS
from fatnn_kernels.accumulate import accumulate
from fatnn_kernels.catalogue import products
from fatnn_kernels.epilogue import StoreResults, Terms
from fatnn_kernels.operands import PackedColumns, PackedRows
from fatnn_kernels.shapes import tile_shape
from fatnn_kernels.sums import Words
from fatnn_kernels.target import current_target, describe
from fatnn_kernels.tile import Tile, sum_type
from fatnn_kernels.vector import I32, I64

X86, ARM, RISCV = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "riscv64-unknown-linux-gnu"
RISCV_FEATURES = "+m,+a,+f,+d,+c,+v"
#: CPU: lanes, counting, popcount instruction, int8 dot; from the instruction sets' manuals.
EXPECTED = {
    (X86, "x86-64-v2"): (4, "carry-save", "pshufb", "pairs"),
    (X86, "nehalem"): (4, "carry-save", "pshufb", "pairs"),
    (X86, "x86-64-v3"): (8, "carry-save", "vpshufb", "pairs"),
    (X86, "haswell"): (8, "carry-save", "vpshufb", "pairs"),
    (X86, "znver3"): (8, "carry-save", "vpshufb", "pairs"),
    (X86, "alderlake"): (8, "carry-save", "vpshufb", "unsigned quads"),  # AVX-VNNI
    (X86, "x86-64-v4"): (16, "carry-save", "vpshufb", "pairs"),
    (X86, "skylake-avx512"): (16, "carry-save", "vpshufb", "pairs"),
    (X86, "cascadelake"): (16, "carry-save", "vpshufb", "unsigned quads"),  # VNNI without VPOPCNTDQ
    (X86, "icelake-server"): (16, "words", "vpopcntd", "unsigned quads"),
    (X86, "sapphirerapids"): (16, "words", "vpopcntd", "unsigned quads"),
    (X86, "znver4"): (16, "words", "vpopcntd", "unsigned quads"),
    (X86, "znver5"): (16, "words", "vpopcntd", "unsigned quads"),
    (ARM, "cortex-a53"): (4, "bytes", "cnt", "pairs"),
    (ARM, "cortex-a72"): (4, "bytes", "cnt", "pairs"),
    (ARM, "cortex-a76"): (4, "bytes", "cnt", "signed quads"),
    (ARM, "neoverse-n1"): (4, "bytes", "cnt", "signed quads"),
    (ARM, "neoverse-v2"): (4, "bytes", "cnt", "signed quads"),
    (ARM, "apple-m1"): (4, "bytes", "cnt", "signed quads"),
}


@pytest.mark.parametrize(("machine", "expected"), EXPECTED.items(), ids=lambda value: value[1] if value else None)
def test_instruction_set_is_known_by_what_llvm_selects(machine, expected):
    target = describe(*machine, "")
    assert (target.lanes, target.counting, target.popcount_instruction, target.int8_dot) == expected


def test_features_count_for_more_than_the_name():
    """A virtual machine may hide what its CPU has."""
    target = describe(X86, "znver4", "-avx512f,-avx512vpopcntdq,-avx512vnni")
    assert (target.lanes, target.counting) == (8, "carry-save")
    assert describe(X86, "x86-64-v4", "+avx512vpopcntdq").popcount_instruction == "vpopcntd"


def test_this_machine_s_target_is_the_one_numba_compiles_for():
    from numba.core.registry import cpu_target

    target = current_target()
    assert (target.triple, target.cpu, target.features) == cpu_target.target_context.codegen().magic_tuple()


# the code of a tile


def tile_for(target, name, words=1000):
    product = products(target)[name]
    shape = tile_shape(product, target, words)
    return Tile(product, shape.rows, shape.vectors, target.lanes, shape.counting)


def assembly(target, tile):
    """What LLVM makes of a tile: a function of pointers, optimised as Numba would have it."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(target.cpu, target.features, opt=3)
    sums = ir.PointerType(sum_type(tile).element)
    words = ir.PointerType(I32)
    module = ir.Module()
    module.triple, module.data_layout = target.triple, str(machine.target_data)
    arguments = [words, words, I64, sums, sums, ir.IntType(1), sums, I64]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), "tile")
    builder = ir.IRBuilder(function.append_basic_block())
    x, y, length, x_term, y_term, *results = function.args
    sums = accumulate(builder, Words(tile, PackedRows(x), PackedColumns(y)), length)
    StoreResults(Terms(x_term, y_term), *results).emit(builder, tile, sums)
    builder.ret_void()
    parsed = llvm.parse_assembly(str(module))
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(parsed, passes)
    return machine.emit_assembly(parsed)


def innermost_loops(text):
    """Blocks from their label to the jump back to it."""
    blocks = re.split(r"^(\.L\w+):", text, flags=re.MULTILINE)
    jumps = ((re.search(rf"^\s+[jbct]\S*\s.*{re.escape(label)}\b.*$", body, re.MULTILINE), body)
             for label, body in zip(blocks[1::2], blocks[2::2], strict=True))  # fmt: skip
    return [body[: jump.end()] for jump, body in jumps if jump]


ZNVER4 = describe(X86, "znver4", "")
#: All but those by matrix tiles, whose operands lie in panels.
IN_REGISTERS = [name for name, product in PRODUCTS.items() if product.way != "tiles"]


@pytest.mark.parametrize("name", IN_REGISTERS)
def test_accumulators_never_leave_the_registers(name):
    loop = max(innermost_loops(assembly(ZNVER4, tile_for(ZNVER4, name))), key=len)
    assert not [line for line in loop.splitlines() if "mm" in line and ("%rsp" in line or "%rbp)" in line)]


class Gate:
    """A word of a step that keeps what it was made of."""

    made = ()

    def __init__(self, *inputs):
        self.inputs, self.uses = inputs, 0
        for gate in inputs:
            gate.uses += 1
        Gate.made += (self,)

    def __and__(self, other):
        return Gate(self, other)

    __or__ = __xor__ = __and__

    def popcount(self):
        self.uses += 1
        return 0


def three_input_gates(product):
    """Gates of a step where one of three inputs takes in another that nothing else uses."""
    Gate.made = ()
    x, y = ([Gate() for _ in range(product.words(side))] for side in "xy")
    product.step([0] * product.accumulators, x, y)
    gates = [gate for gate in Gate.made if gate.inputs]
    taken_in = {next((one for one in gate.inputs if one.inputs and one.uses == 1), None) for gate in gates}
    return len(gates) - len(taken_in - {None})


@pytest.mark.parametrize("name", [name for name, p in PRODUCTS.items() if p.way == "popcount"])
def test_popcounts_and_gates_of_the_loop_are_those_of_the_step(name):
    """For each word and each vector of accumulators; LLVM may share gates between vectors and unroll the loop."""
    tile = tile_for(ZNVER4, name)
    count, cells = sum(tile.product.popcounts), tile.rows * tile.vectors
    (loop,) = innermost_loops(assembly(ZNVER4, tile))
    popcounts, gates, adds = (
        len(re.findall(rf"\b{opcode}\b.*%zmm", loop))
        for opcode in ("vpopcntd", "vp(?:and|andn|or|xor|ternlog)[dq]", "vpaddd")
    )
    words, rest = divmod(popcounts, cells * count)
    assert (words > 0, rest, adds) == (True, 0, words * cells * count)
    assert gates <= words * cells * three_input_gates(tile.product)


def test_int8_multiplies_four_bytes_at_once_where_the_target_can():
    assert re.search(r"\bvpdpbusd\b.*%zmm", assembly(ZNVER4, tile_for(ZNVER4, "int8")))
    arm = describe(ARM, "cortex-a76", "")
    assert re.search(r"\bsdot\b", assembly(arm, tile_for(arm, "int8")))


@pytest.mark.parametrize("cpu", ["x86-64-v2", "haswell", "skylake-avx512"])
def test_int8_multiplies_pairs_elsewhere(cpu):
    target = describe(X86, cpu, "")
    assert re.search(r"\bv?pmaddwd\b", assembly(target, tile_for(target, "int8")))


def test_arm_counts_in_bytes():
    arm = describe(ARM, "cortex-a76", "")
    assert re.search(r"\bcnt\s+v\d+\.16b", assembly(arm, tile_for(arm, "ternary-fatnn")))


@pytest.mark.parametrize("name", [name for name in IN_REGISTERS if PRODUCTS[name].way != "lookup"])
def test_risc_v_with_vectors_compiles(name):
    target = describe(RISCV, "generic-rv64", RISCV_FEATURES)
    assert "vsetvli" in assembly(target, tile_for(target, name)) or "vsetivli" in assembly(
        target, tile_for(target, name)
    )
