"""Which of the CPUs that LLVM knows this one is, as to its pipeline.

LLVM goes by family and model, and a hypervisor may tell those of an older CPU, so that a machine can be moved.
Instruction sets it can hide but not make up: a CPU with matrix tiles is none from before there were any.
"""

from collections.abc import Collection

import llvmlite.binding as llvm

__all__ = ["here", "known_by"]

#: Intel's servers of one pipeline (Golden Cove and Redwood Cove), the newest first, by what the one before has not:
#: Intel's "Architecture Instruction Set Extensions Programming Reference".
_BY_INSTRUCTION_SETS = (("graniterapids", {"amx-tile", "prefetchi"}), ("sapphirerapids", {"amx-tile"}))


def here() -> str:
    """Return LLVM's name of the CPU of this machine."""
    features = llvm.get_host_cpu_features()
    return known_by(llvm.get_host_cpu_name(), {name for name, has in features.items() if has})


def known_by(told: str, instruction_sets: Collection[str]) -> str:
    """Return the name of the CPU that has the instruction sets, where LLVM was told another.

    Parameters
    ----------
    told
        LLVM's name of the CPU of the family and model that the system tells.
    instruction_sets
        What the CPU has, by LLVM's names.
    """
    return next((name for name, needs in _BY_INSTRUCTION_SETS if needs <= set(instruction_sets)), told)
