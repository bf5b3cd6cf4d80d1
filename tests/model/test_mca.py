"""Cycles, against blocks whose cycles are plain; and what llvm-mca does not know."""

import pytest

from fatnn_bench.hotloop.assembly import Block, VectorType
from fatnn_bench.machine import llvm_mca
from fatnn_bench.model import mca
from tests.support.programs import program

needs_mca = pytest.mark.skipif(llvm_mca.find() is None, reason="llvm-mca is not on the PATH")
ZEN = mca.Cpu("x86_64-linux-gnu", "znver3", "")


@needs_mca
def test_a_chain_of_additions_takes_a_cycle_each():
    chain = Block("chain", ("addq %rax, %rbx",) * 7, None)
    apart = Block("apart", ("addq %rax, %rbx", "addq %rax, %rcx", "addq %rax, %rdx", "addq %rax, %rsi"), None)
    assert mca.cycles(llvm_mca.find(), ZEN, [chain, apart]) == pytest.approx([7, 1], abs=0.1)


@needs_mca
def test_arm_is_read_too():
    chain = Block("chain", ("add x1, x1, x0",) * 3, None)
    cpu = mca.Cpu("aarch64-linux-gnu", "cortex-a72", "")
    assert mca.cycles(llvm_mca.find(), cpu, [chain]) == pytest.approx([3], abs=0.1)


@needs_mca
def test_a_cpu_that_it_does_not_know_is_named():
    with pytest.raises(mca.UnknownCpuError, match=r"^llvm-mca \S+ does not know risky9; a newer one may$"):
        mca.cycles(llvm_mca.find(), mca.Cpu("x86_64-linux-gnu", "risky9", ""), [Block("a", ("nop",), None)])


@needs_mca
def test_an_instruction_that_it_cannot_read_is_told():
    with pytest.raises(mca.UnknownCpuError, match=r"cannot model the code for znver3: .*error"):
        mca.cycles(llvm_mca.find(), ZEN, [Block("a", ("frobnicate %rax",), None)])


def test_riscv_is_told_the_type_of_vectors(tmp_path):
    stand_in = program(tmp_path, "llvm-mca", f"cat > {tmp_path}/input; echo 'Total Cycles:      9'")
    block = Block("loop", ("vadd.vv v1, v1, v2",), VectorType("e32", "mf2"))
    assert mca.cycles(stand_in, ZEN, [block]) == [0]
    assert (tmp_path / "input").read_text().splitlines() == [
        "# LLVM-MCA-BEGIN",
        "# LLVM-MCA-RISCV-LMUL MF2",
        "# LLVM-MCA-RISCV-SEW E32",
        "vadd.vv v1, v1, v2",
        "# LLVM-MCA-END",
    ]
