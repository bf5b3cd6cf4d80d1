"""llvm-mca, which simulates a CPU's pipeline by LLVM's description of it: cycles that a block takes when it repeats.

It is not a Python package: it is found on the PATH, and comes with LLVM (``apt install llvm``, ``brew install llvm``).
What it leaves out are caches, the front end, and mispredicted branches: every load hits L1.
"""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from fatnn_bench.hotloop.assembly import Block
from fatnn_bench.machine import llvm_mca

#: Times that a block is repeated. The difference of the two is free of the pipeline's filling and emptying.
_FEW, _MANY = 50, 150
_TIMEOUT_S = 60


class UnknownCpuError(Exception):
    """llvm-mca has no model of the CPU, or none of an instruction; the message says which."""


@dataclass(frozen=True)
class Cpu:
    """What is simulated, as LLVM writes it."""

    triple: str
    name: str
    features: str


def cycles(program: str, cpu: Cpu, blocks: Sequence[Block]) -> list[float]:
    """Return the cycles of each block, where it follows on itself again and again.

    Parameters
    ----------
    program
        An llvm-mca.

    Raises
    ------
    UnknownCpuError
        There is no model of the CPU, or none of an instruction.
    """
    text = "\n".join(_region(block) for block in blocks)
    few, many = (_total_cycles(program, cpu, text, times, len(blocks)) for times in (_FEW, _MANY))
    return [(most - least) / (_MANY - _FEW) for least, most in zip(few, many, strict=True)]


def _region(block: Block) -> str:
    lines = ["# LLVM-MCA-BEGIN", *block.instructions, "# LLVM-MCA-END"]
    if block.vector_type is not None:
        lines[1:1] = [
            f"# LLVM-MCA-RISCV-LMUL {block.vector_type.group.upper()}",
            f"# LLVM-MCA-RISCV-SEW {block.vector_type.width.upper()}",
        ]
    return "\n".join(lines)


def _total_cycles(program: str, cpu: Cpu, text: str, times: int, expected: int) -> list[int]:
    command = [program, f"-mtriple={cpu.triple}", f"-mcpu={cpu.name}", f"-mattr={cpu.features}"]
    command += [f"-iterations={times}", "-instruction-info=0", "-resource-pressure=0", "-"]
    done = subprocess.run(command, input=text + "\n", capture_output=True, text=True, timeout=_TIMEOUT_S)
    if "not a recognized processor" in done.stderr:
        raise UnknownCpuError(f"llvm-mca {llvm_mca.version(program)} does not know {cpu.name}; a newer one may")
    totals = [int(total) for total in re.findall(r"^Total Cycles:\s+(\d+)$", done.stdout, re.MULTILINE)]
    if done.returncode or len(totals) != expected:
        complaint = next(
            (line for line in done.stderr.splitlines() if re.search("error:|unable", line)), "it gave no cycles"
        )
        raise UnknownCpuError(f"llvm-mca {llvm_mca.version(program)} cannot model the code for {cpu.name}: {complaint}")
    return totals
