"""What the machine's instruction set means for the kernels: vector width, popcount strategy, int8 dot.

LLVM is asked, not a table of CPUs: a two-line function is compiled for the CPU that Numba compiles for
(``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` choose another), and the instructions it selects tell what there is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, TypeAlias

import llvmlite.binding as llvm
from llvmlite import ir

from fatnn_kernels import amx
from fatnn_kernels.vector import I8, I32, Vector

#: How one-bits are counted, see :mod:`fatnn_kernels.accumulate`.
BitCounting: TypeAlias = Literal["words", "bytes", "carry-save"]
#: What multiplies matrix tiles, see :mod:`fatnn_kernels.matrix_tiles`.
TileUnit: TypeAlias = Literal["amx", "emulated"]
Counting: TypeAlias = BitCounting | TileUnit
Int8Dot: TypeAlias = Literal["pairs", "signed quads", "unsigned quads"]
#: Entries of a table that a shuffle of bytes tells apart.
Entries: TypeAlias = Literal[16, 64]


@dataclass(frozen=True)
class Target:
    """An instruction set, as far as the kernels care."""

    triple: str
    cpu: str  #: LLVM's name
    features: str  #: LLVM's list, "+avx2,+fma,…"
    lanes: int  #: 32-bit lanes of a SIMD register
    counting: BitCounting
    popcount_instruction: str  #: what a popcount becomes
    int8_dot: Int8Dot
    table_entries: Entries | None  #: None without a shuffle whose indices are no constants
    registers: int  #: SIMD registers
    tile_unit: TileUnit


@cache
def current_target() -> Target:
    """The target that Numba compiles for in this process, with matrix tiles if the kernel lets it use them."""
    from numba.core.registry import cpu_target

    target = describe(*cpu_target.target_context.codegen().magic_tuple())
    if target.tile_unit == "amx" and amx.refusal():
        return replace(target, tile_unit="emulated")
    return target


@cache
def describe(triple: str, cpu: str, features: str) -> Target:
    """Describe a target by the instructions LLVM selects for it."""
    counted = _assembly(lambda x, y: x.popcount(), 16, triple, cpu, features)
    lanes = _widest_register(counted) // 32
    instruction = re.search(r"\b(vpopcntd|v?pshufb|cnt|vcpop\.v|popcntq?|popcntl)\b", counted)
    return Target(
        triple=triple,
        cpu=cpu,
        features=features,
        lanes=lanes,
        counting=_counting(counted),
        popcount_instruction=instruction.group() if instruction else "shifts and adds",
        int8_dot=_int8_dot(lanes, triple, cpu, features),
        table_entries=_table_entries(triple, cpu, features),
        registers=32 if lanes == 16 or not triple.startswith("x86") else 16,
        tile_unit="amx" if has_amx(features) else "emulated",
    )


def has_amx(features: str) -> bool:
    """Whether a list of features has matrix tiles of int8."""
    return amx.FEATURE in features.split(",")


def _counting(assembly: str) -> BitCounting:
    """What the assembly of a popcount of 32-bit lanes tells."""
    if re.search(r"\b(vpopcntd|vcpop\.v)\b", assembly):
        return "words"
    return "bytes" if re.search(r"\bcnt\b", assembly) else "carry-save"


def _int8_dot(lanes: int, triple: str, cpu: str, features: str) -> Int8Dot:
    if "vpdpwssd" in _assembly(lambda x, y: x.dot_pairs(x, y), lanes, triple, cpu, features):
        return "unsigned quads"
    if "sdot" in _assembly(lambda x, y: x.dot_signed_quads(x, y), lanes, triple, cpu, features):
        return "signed quads"
    return "pairs"


def _table_entries(triple: str, cpu: str, features: str) -> Entries | None:
    """What a shuffle by constants in no order tells, which LLVM does as one by any indices where there is such."""

    def any_order(x: Vector, y: Vector) -> Vector:
        lanes = x.as_lanes(I8)
        count = lanes.type.count
        picks = ir.Constant(ir.VectorType(I32, count), [(i * i + i // 2) % count for i in range(count)])
        return x.of(x.builder.bitcast(x.builder.shuffle_vector(lanes, lanes, picks), x.value.type))

    if re.search(r"\bvpermb\b", _assembly(any_order, 16, triple, cpu, features)):
        return 64
    return 16 if re.search(r"\b(v?pshufb|tbl)\b", _assembly(any_order, 4, triple, cpu, features)) else None


#: Bits of the registers that an assembly text may name, the widest first.
_REGISTERS = ((r"%zmm\d", 512), (r"%ymm\d", 256), (r"%xmm\d", 128), (r"\bv\d+\.16b|\bz\d+\.", 128))


def _widest_register(assembly: str) -> int:
    return next((bits for pattern, bits in _REGISTERS if re.search(pattern, assembly)), 128)


def _assembly(operation: Callable[[Vector, Vector], Vector], lanes: int, triple: str, cpu: str, features: str) -> str:
    """What LLVM makes of an operation on two vectors of 32-bit lanes, for a target."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    words = ir.VectorType(I32, lanes)
    module = ir.Module()
    module.triple = triple
    function = ir.Function(module, ir.FunctionType(words, [words, words]), "probe")
    builder = ir.IRBuilder(function.append_basic_block())
    x, y = (Vector(builder, argument) for argument in function.args)
    builder.ret(operation(x, y).value)
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=cpu, features=features, opt=2)
    return str(machine.emit_assembly(llvm.parse_assembly(str(module))))
