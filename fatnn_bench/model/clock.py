"""The clock of the core this process runs on, by what it does: a chain of additions, each of which takes one cycle.

What the system tells is no measurement: it may be a rated clock, another core's, or that of some moments ago.
Some CPUs run slower while they multiply wide vectors: so there may be multiplications beside the chain, of which it
does not wait.
"""

import ctypes
import time

import llvmlite.binding as llvm
from llvmlite import ir

from fatnn_kernels.vector import Vector

#: Additions of a turn of the loop: its own instructions run beside the chain.
_CHAIN = 64
#: Additions to a multiplication beside them: more would take the ports of additions.
_SPARSE = 2
#: Products that are summed apart from each other, so that none waits.
_APART = 8
_TURNS = 20_000
_SAMPLES = 31


def measure_hz(multiplied_bits: int = 0) -> float:
    """Return the clock in hertz, by the fastest of some samples of half a millisecond: a disturbance only slows one.

    Parameters
    ----------
    multiplied_bits
        Of the vectors of float32 that are multiplied and added beside the chain; 0 for none.

    Notes
    -----
    Each addition reads the one before, and takes a cycle on any CPU of today. The number added is in a register, since
    some CPUs add a small constant while they rename registers, in no time.
    """
    engine = _compile(multiplied_bits // 32)
    chain = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(engine.get_function_address("chain"))
    chain(_TURNS, 3)
    return max(_sample_hz(chain) for _ in range(_SAMPLES))


def _sample_hz(chain: "ctypes._FuncPointer") -> float:
    begin = time.perf_counter_ns()
    chain(_TURNS, 3)
    return _TURNS * _CHAIN / ((time.perf_counter_ns() - begin) * 1e-9)


def _compile(lanes: int) -> llvm.ExecutionEngine:
    """``for _ in range(turns): x += y, x += y, …``"""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=1
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(str(_chain(lanes))), machine)
    engine.finalize_object()
    return engine


def _chain(lanes: int) -> ir.Module:
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
    beside = _Beside(builder, entry, lanes)
    total: ir.Value = x
    for i in range(_CHAIN):
        total = _opaque(builder, builder.add(total, y))
        if i % _SPARSE == 0:
            beside.multiply(i // _SPARSE)
    remaining = builder.sub(left, ir.Constant(i64, 1))
    left.add_incoming(remaining, loop)
    x.add_incoming(total, loop)
    beside.again(loop)
    builder.cbranch(builder.icmp_signed(">", remaining, ir.Constant(i64, 0)), loop, done)
    builder.position_at_end(done)
    builder.ret(builder.add(total, beside.none()))
    return module


class _Beside:
    """Sums of products of vectors, zeros all, that live in registers from turn to turn; none, of no lanes."""

    def __init__(self, builder: ir.IRBuilder, entry: ir.Block, lanes: int) -> None:
        self._builder = builder
        self._zero = ir.Constant(ir.VectorType(ir.FloatType(), lanes), None)
        self._phis = [builder.phi(self._zero.type) for _ in range(_APART if lanes else 0)]
        for phi in self._phis:
            phi.add_incoming(self._zero, entry)
        self._sums: list[ir.Value] = list(self._phis)

    def multiply(self, i: int) -> None:
        if self._sums:
            total = Vector(self._builder, self._sums[i % _APART])
            self._sums[i % _APART] = total.multiply_add(total, total).value

    def again(self, loop: ir.Block) -> None:
        for phi, total in zip(self._phis, self._sums, strict=True):
            phi.add_incoming(total, loop)

    def none(self) -> ir.Value:
        """0, for which LLVM has to keep the sums."""
        none: ir.Value = ir.Constant(ir.IntType(64), 0)
        for total in self._sums:
            lane = self._builder.extract_element(total, ir.Constant(ir.IntType(32), 0))
            none = self._builder.add(none, self._builder.fptosi(lane, none.type))
        return none


def _opaque(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    """The same value, of which LLVM knows nothing: else a chain of additions becomes a multiplication."""
    nothing = ir.InlineAsm(ir.FunctionType(value.type, [value.type]), "", "=r,0", side_effect=False)
    return builder.call(nothing, [value])
