"""What LLVM's descriptions of pipelines have wrong, and the instruction of the right cost that is shown instead.

A description may give an instruction too few ports, or one that it does not need. llvm-mca takes no better one, but it
does not ask what instructions compute: where one is wrong, another stands in that reads and writes the same registers
and costs, by the same description, what the machine takes for the first.

What instructions cost: Abel and Reineke, "uops.info: Characterizing Latency, Throughput, and Port Usage of Instructions
on Intel Microarchitectures", ASPLOS 2019, and its tables; Intel's and AMD's optimisation manuals say the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fatnn_bench.hotloop.assembly import Block

__all__ = ["FAULTS", "Fault", "mended", "waiting"]

_ANY = r"%[xyz]mm\d+"
_MEMORY = r"\S*\([^)]*\)(?:\{1to\d+\})?"


@dataclass(frozen=True)
class Fault:
    """An instruction, or several alike, that LLVM describes wrongly."""

    cpus: frozenset[str]  #: LLVM's names
    pattern: str  #: of the whole instruction, as LLVM writes it for GNU's assembler
    instead: str  #: what stands in, with the pattern's groups
    cycles: float  #: that one instruction of many independent ones takes on the machine
    found: str  #: what LLVM says, and what is true


_ZEN_4 = frozenset({"znver4"})
_ZEN_3_AND_4 = frozenset({"znver3", "znver4"})
#: The servers that have a second multiplier, of 512 bits, behind port 5; LLVM described the desktop's core, without it.
_GOLDEN_COVE = frozenset({"sapphirerapids", "emeraldrapids", "graniterapids"})
_ICE_LAKE_SERVER = frozenset({"icelake-server"})
#: Their port 1 is closed while 512-bit instructions run.
_SKYLAKE_AND_ICE_LAKE = frozenset(
    {"skylake-avx512", "cascadelake", "cooperlake", "icelake-client", "icelake-server", "tigerlake", "rocketlake"}
)

FAULTS = (
    Fault(
        _ZEN_4,
        r"vpdp\w+ (\S.*%zmm\d+)",
        r"vfmadd231ps \1",
        cycles=1.0,
        found="dot products of 512 bits take both multipliers for two cycles; they take one, as multiply-adds do",
    ),
    Fault(
        _ZEN_3_AND_4,
        rf"vp?broadcast\w+ ({_MEMORY}), ({_ANY})",
        r"vmovups \1, \2",
        cycles=0.5,
        found="a broadcast from memory takes a shuffle; it is a load and nothing else",
    ),
    Fault(
        _ZEN_4,
        r"vpshufb (\S.*%ymm\d+)",
        r"vpunpcklbw \1",
        cycles=0.5,
        found="a shuffle of 256 bits takes two pipes; it takes either, as other shuffles do",
    ),
    Fault(
        _ZEN_4,
        r"vmov\w+ (%zmm\d+), (%zmm\d+)",
        r"vpord \1, \1, \2",
        cycles=0.5,
        found="copies of 512-bit registers are free; they take a pipe, as any logic does",
    ),
    Fault(
        _ZEN_4,
        r"vps[rl][al][wdq] \$\d+, (%zmm\d+), (%zmm\d+)",
        r"vpunpcklbw \1, \1, \2",
        cycles=1.0,
        found="shifts of 512 bits take either of two pipes; they take both",
    ),
    Fault(
        _GOLDEN_COVE,
        r"v(?:fn?m(?:add|sub)\w+|pdp\w+) (%zmm\d+), (%zmm\d+), (%zmm\d+)",
        r"vaddps \1, \2, \3 {%k1}",  # what its mask leaves is read, as an accumulator is
        cycles=0.5,
        found="multiply-adds and dot products of 512 bits take port 0; they take ports 0 and 5",
    ),
    Fault(
        _GOLDEN_COVE,
        rf"v(?:fn?m(?:add|sub)\w+|pdp\w+) ({_MEMORY}), (%zmm\d+), (%zmm\d+)",
        r"vaddps \1, \3, \3",  # behind a mask it would wait for the load before it waits for the accumulator
        cycles=0.5,
        found="the same with an operand in memory",
    ),
    Fault(
        _ICE_LAKE_SERVER,
        r"vfn?m(?:add|sub)\w+ (\S.*%zmm\d+)",
        r"vpdpbusd \1",
        cycles=0.5,
        found="multiply-adds of 512 bits take port 0; they take ports 0 and 5, as dot products do",
    ),
    Fault(
        _SKYLAKE_AND_ICE_LAKE,
        r"vpternlog\w \$\d+, (\S+), (%zmm\d+), (%zmm\d+)",
        r"vpandd \1, \2, \3",
        cycles=0.5,
        found="logic of three operands of 512 bits takes ports 0, 1 and 5; port 1 is closed to them",
    ),
    Fault(
        _SKYLAKE_AND_ICE_LAKE,
        r"vp(?:add|sub)\w (\S.*%zmm\d+)",
        r"vpandd \1",
        cycles=0.5,
        found="additions of 512 bits take ports 0, 1 and 5; port 1 is closed to them",
    ),
)

#: Cycles of a port of 512-bit arithmetic that a load of 512 bits, and a broadcast to them, keep others waiting for, on
#: a core that executes two such instructions a cycle. No manual tells it. Measured on a Xeon 6 with two independent
#: multiply-adds, or operations of logic, in turns with one or two loads that hit L1: 1.15 to 1.18 and 1.48 cycles with
#: loads, 1.0 to 1.09 and 1.16 with broadcasts, where each alone would take 1. With 256 bits there is nothing of it.
_WAIT_FOR_LOAD, _WAIT_FOR_BROADCAST = 0.4, 0.12
_ARITHMETIC_PORTS = 2


def waiting(block: Block, cpu: str) -> float:
    """Return the cycles that 512-bit arithmetic waits for loads in a block, of which llvm-mca knows nothing.

    cycles = (loads × 0.4 + broadcasts × 0.12) / 2 ports
    """
    if cpu not in _GOLDEN_COVE:
        return 0.0
    broadcasts = sum(bool(re.search(r"broadcast\w+\s.*\(.*%zmm|\{1to", line)) for line in block.instructions)
    reads = sum(bool(re.search(r"\(.*\).*, %zmm\d+", line)) for line in block.instructions)
    return ((reads - broadcasts) * _WAIT_FOR_LOAD + broadcasts * _WAIT_FOR_BROADCAST) / _ARITHMETIC_PORTS


def mended(block: Block, cpu: str) -> Block:
    """Return a block as llvm-mca is shown it: with what stands in where LLVM describes an instruction wrongly.

    Parameters
    ----------
    cpu
        LLVM's name of the CPU whose pipeline is simulated.
    """
    mine = [fault for fault in FAULTS if cpu in fault.cpus]
    return replace(block, instructions=tuple(_shown(instruction, mine) for instruction in block.instructions))


def _shown(instruction: str, faults: Sequence[Fault]) -> str:
    code = " ".join(instruction.partition("#")[0].split())
    matches = ((fault, re.fullmatch(fault.pattern, code)) for fault in faults)
    return next((match.expand(fault.instead) for fault, match in matches if match), instruction)
