"""A stand-in costs what the machine takes, and LLVM does have wrong what it stands in for."""

import pytest

from fatnn_bench.hotloop.assembly import Block
from fatnn_bench.machine import llvm_mca
from fatnn_bench.model import mca
from fatnn_bench.model.faults import FAULTS, mended, waiting

#: An instruction of each fault in turn, that writes a register of any number; or two that take the same pipes.
EXAMPLES = (
    "vpdpbusd %zmm13, %zmm14, %zmm{}",
    "vpbroadcastd (%rax), %ymm{0}; vpackuswb %ymm13, %ymm14, %ymm{0}",
    "vpshufb %ymm13, %ymm14, %ymm{}",
    "vmovdqa64 %zmm13, %zmm{}",
    "vpsrlw $4, %zmm13, %zmm{}",
    "vfmadd231ps %zmm13, %zmm14, %zmm{}",
    "vfmadd231ps (%rax){{1to16}}, %zmm14, %zmm{}",
    "vfmadd231ps %zmm13, %zmm14, %zmm{}",
    "vpternlogd $150, %zmm13, %zmm14, %zmm{}",
    "vpaddd %zmm13, %zmm14, %zmm{}",
)
TIMES = 12
FAULTY = [
    pytest.param(fault, cpu, example, id=f"{cpu}: {example}")
    for fault, example in zip(FAULTS, EXAMPLES, strict=True)
    for cpu in sorted(fault.cpus)
]
needs_mca = pytest.mark.skipif(llvm_mca.find() is None, reason="llvm-mca is not on the PATH")
OLD = bool(llvm_mca.find()) and llvm_mca.major(llvm_mca.find()) < 22


def repeated(example):
    lines = [line for i in range(TIMES) for line in example.format(i).split("; ")]
    return Block("loop", tuple(lines), None)


def cycles(block, cpu):
    (spent,) = mca.cycles(llvm_mca.find(), mca.Cpu("x86_64-linux-gnu", cpu, ""), [block])
    return spent / TIMES


@needs_mca
@pytest.mark.skipif(OLD, reason="an LLVM of before 22 has other faults")
@pytest.mark.parametrize(("fault", "cpu", "example"), FAULTY)
def test_what_stands_in_costs_what_the_machine_takes(fault, cpu, example):
    wrong = repeated(example)
    assert cycles(mended(wrong, cpu), cpu) == pytest.approx(fault.cycles, rel=0.05)
    assert cycles(wrong, cpu) != pytest.approx(fault.cycles, rel=0.2), "LLVM has mended it: take it out of the table"


def test_nothing_stands_in_on_another_cpu_or_for_another_instruction():
    block = repeated("vpdpbusd %ymm13, %ymm14, %ymm{}")
    assert mended(block, "znver4") == block
    assert mended(repeated(EXAMPLES[0]), "cortex-a76") == repeated(EXAMPLES[0])


def test_comments_and_tabs_do_not_hide_an_instruction():
    block = Block("loop", ("vpternlogd\t$96, %zmm19, %zmm21, %zmm22 # zmm22 = zmm22 & (zmm21 ^ zmm19)",), None)
    assert mended(block, "icelake-server").instructions == ("vpandd %zmm19, %zmm21, %zmm22",)


def test_arithmetic_of_512_bits_waits_for_loads_and_less_for_broadcasts():
    """Two multiply-adds and a load, or a broadcast, on Golden Cove: what was measured, less the cycle of the two."""
    load, broadcast = "vmovdqu64 64(%rsi), %zmm1", "vpbroadcastd -8(%rdi,%rdx), %zmm2"
    arithmetic = ("vfmadd231ps %zmm3, %zmm4, %zmm5", "vfmadd231ps %zmm3, %zmm4, %zmm6")

    def extra(*loads):
        return waiting(Block("loop", (*arithmetic, *loads), None), "graniterapids")

    assert extra(load) == pytest.approx(0.18, abs=0.03)
    assert extra(broadcast) == pytest.approx(0.05, abs=0.05)
    assert extra(load, load, broadcast) == pytest.approx(2 * extra(load) + extra(broadcast))
    assert extra("vfmadd231ps (%rsi){1to16}, %zmm4, %zmm5") == extra(broadcast)
    assert extra("vmovdqu (%rsi), %ymm1", "vmovdqu64 %zmm1, (%rsi)", "movl (%rdi), %eax") == 0


def test_nothing_waits_on_another_cpu():
    assert waiting(Block("loop", ("vmovdqu64 64(%rsi), %zmm1",), None), "znver4") == 0
