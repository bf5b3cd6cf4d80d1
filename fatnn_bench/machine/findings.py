"""What makes times doubtful on a machine, and the command that mends it, from what a run's header tells of it.

The rules are pure, so that ``doctor`` and the report of a run say the same of the same machine. A header that lacks a
fact, as one from before the fact was recorded, yields nothing of it; a fact that the system did not tell is UNKNOWN.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Finding", "State", "of"]

#: What the largest layers need: the operands of a block of VGG16, and room for the system.
_MEMORY_BYTES = 2 * 2**30
_CPU = "/sys/devices/system/cpu"


class State(StrEnum):
    """How a finding bears on times."""

    GOOD = "good"
    DOUBTFUL = "doubtful"  #: it makes times vary, or wrong
    UNKNOWN = "unknown"  #: the system does not tell
    NOTE = "note"  #: good to know


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    what: str  #: the thing looked at
    state: State
    found: str
    mend: str = ""  #: the command that mends it; empty where there is none


def of(machine: Mapping[str, Any], software: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what every rule finds in a :func:`machine.describe` and a :func:`machine.software`."""
    facts = {**software, **machine}
    for (first, *others), rule in _RULES:
        if first in facts:
            yield rule(facts[first], *map(facts.get, others))


def _governor(governor: str | None) -> Finding:
    what = "governor"
    if governor is None:
        return Finding(what, State.UNKNOWN, "the system does not tell, as in most virtual machines")
    if governor == "performance":
        return Finding(what, State.GOOD, governor)
    return Finding(
        what, State.DOUBTFUL, f"{governor}: clocks follow the load", "sudo cpupower frequency-set -g performance"
    )


def _turbo(turbo: bool | None, switch: str | None) -> Finding:
    what = "turbo"
    if turbo is None:
        return Finding(what, State.UNKNOWN, "the system does not tell")
    if not turbo:
        return Finding(what, State.GOOD, "off")
    return Finding(what, State.DOUBTFUL, "on: clocks fall as the chip warms", _TURBO_OFF.get(switch, ""))


def _siblings(logical: int | None, physical: int | None) -> Finding:
    what = "SMT siblings"
    if not logical or not physical:
        return Finding(what, State.UNKNOWN, "the system does not tell")
    if logical <= physical:
        return Finding(what, State.GOOD, "none: a thread has a core of its own")
    found = f"{logical} threads share {physical} cores: what runs on one slows its sibling"
    return Finding(what, State.DOUBTFUL, found, f"echo off | sudo tee {_CPU}/smt/control")


def _isolated(cores: str | None) -> Finding:
    what = "isolated cores"
    if cores is None:
        return Finding(what, State.UNKNOWN, "the system does not tell")
    if cores:
        return Finding(what, State.GOOD, cores, f"taskset -c {cores} fatnn-bench run")
    return Finding(
        what, State.NOTE, "none: any process may come onto a core that measures; isolcpus= at boot keeps some free"
    )


def _efficiency(cores: Sequence[int]) -> Finding:
    if not cores:
        return Finding("efficiency cores", State.GOOD, "none")
    names = ", ".join(map(str, cores))
    return Finding("efficiency cores", State.NOTE, f"{names}; one thread is kept off them, several are not")


def _quota(cores: float | None) -> Finding:
    if cores is None:
        return Finding("CPU quota", State.GOOD, "none")
    found = f"{cores:g} cores' worth of time: what uses more stands still until the next period"
    return Finding("CPU quota", State.DOUBTFUL, found)


def _memory(available: int, total: int | None) -> Finding:
    if total is None:
        return Finding("memory", State.UNKNOWN, "the system does not tell")
    found = f"{available / 2**30:.1f} of {total / 2**30:.1f} GiB free"
    if available < _MEMORY_BYTES:
        return Finding("memory", State.DOUBTFUL, f"{found}; large layers may be swapped out", "top -o %MEM")
    return Finding("memory", State.GOOD, found)


def _blas(libraries: Sequence[Mapping[str, object]]) -> Finding:
    names = (f"{each['internal_api']} {each['version']} for {each['architecture']}" for each in libraries)
    if found := ", ".join(dict.fromkeys(names)):
        return Finding("BLAS", State.GOOD, found)
    return Finding(
        "BLAS", State.DOUBTFUL, "NumPy tells none: blas.float32 may be slow", "pip install --force-reinstall numpy"
    )


#: The command that turns turbo off, by the file below :data:`_CPU` that switches it.
_TURBO_OFF: dict[str | None, str] = {
    "intel_pstate/no_turbo": f"echo 1 | sudo tee {_CPU}/intel_pstate/no_turbo",
    "cpufreq/boost": f"echo 0 | sudo tee {_CPU}/cpufreq/boost",
}
#: What each rule reads of a header, in the order of its arguments; it is asked where the first is told.
_RULES: tuple[tuple[tuple[str, ...], Callable[..., Finding]], ...] = (
    (("governor",), _governor),
    (("turbo", "turbo_switch"), _turbo),
    (("logical_cores", "physical_cores"), _siblings),
    (("isolated_cores",), _isolated),
    (("efficiency_cores",), _efficiency),
    (("cpu_quota_cores",), _quota),
    (("available_memory_bytes", "memory_bytes"), _memory),
    (("blas",), _blas),
)
