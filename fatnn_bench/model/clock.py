"""The clock of the core this process runs on, by what it does: a chain of additions, each of which takes one cycle.

What the system tells is no measurement: it may be a rated clock, another core's, or that of some moments ago.
"""

import ctypes
import time

import llvmlite.binding as llvm
from llvmlite import ir

#: Additions of a turn of the loop: its own instructions run beside the chain.
_CHAIN = 64
_TURNS = 20_000
_SAMPLES = 31


def measure_hz() -> float:
    """Return the clock in hertz, by the fastest of some samples of half a millisecond: a disturbance only slows one.

    Each addition reads the one before, and takes a cycle on any CPU of today. The number added is in a register, since
    some CPUs add a small constant while they rename registers, in no time.
    """
    engine = _compile()
    chain = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(engine.get_function_address("chain"))
    chain(_TURNS, 3)
    return max(_sample_hz(chain) for _ in range(_SAMPLES))


def _sample_hz(chain: "ctypes._FuncPointer") -> float:
    begin = time.perf_counter_ns()
    chain(_TURNS, 3)
    return _TURNS * _CHAIN / ((time.perf_counter_ns() - begin) * 1e-9)


def _compile() -> llvm.ExecutionEngine:
    """``for _ in range(turns): x += y, x += y, …``"""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=1)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(str(_chain())), machine)
    engine.finalize_object()
    return engine


def _chain() -> ir.Module:
    i64 = ir.IntType(64)
    module = ir.Module()
    module.triple = llvm.get_process_triple()
    function = ir.Function(module, ir.FunctionType(i64, [i64, i64]), "chain")
    turns, y = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    entry, loop, done = builder.block, function.append_basic_block("loop"), function.append_basic_block("done")
    builder.branch(loop)
    builder.position_at_end(loop)
    left, x = builder.phi(i64), builder.phi(i64)
    left.add_incoming(turns, entry)
    x.add_incoming(y, entry)
    total: ir.Value = x
    for _ in range(_CHAIN):
        total = _opaque(builder, builder.add(total, y))
    remaining = builder.sub(left, ir.Constant(i64, 1))
    left.add_incoming(remaining, loop)
    x.add_incoming(total, loop)
    builder.cbranch(builder.icmp_signed(">", remaining, ir.Constant(i64, 0)), loop, done)
    builder.position_at_end(done)
    builder.ret(total)
    return module


def _opaque(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """The same value, of which LLVM knows nothing: else a chain of additions becomes a multiplication."""
    nothing = ir.InlineAsm(ir.FunctionType(value.type, [value.type]), "", "=r,0", side_effect=False)
    return builder.call(nothing, [value])
