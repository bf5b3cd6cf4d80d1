"""What on this machine makes times doubtful now, and the command that mends it. Nothing is changed here.

What a run's header tells too is judged in :mod:`fatnn_bench.machine.findings`; here is what only somebody at the
machine can use: the load while it is watched, a shell's variables, and what is not installed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import requires
from pathlib import Path

import psutil

from fatnn_bench import machine
from fatnn_bench.machine import affinity, findings, llvm_mca
from fatnn_bench.machine.findings import Finding, State
from fatnn_bench.processes import variables
from fatnn_kernels.int8_tiles import INT8_TILES
from fatnn_kernels.obstacle import obstacle

__all__ = ["Load", "examine", "watch"]

#: How long the cores are watched.
WATCH_S = 1.0
#: A core is busy, and a vCPU stolen from, if more of its time is gone than this.
BUSY, STOLEN = 0.10, 0.005
#: Major versions of LLVM, two a year, after which its models of CPUs are of another generation.
_MUCH_NEWER = 3
#: Extras for those who work on the suite.
_NOT_FOR_USE = ("test", "dev")


@dataclass(frozen=True)
class Load:
    """What was seen of the cores while they were watched."""

    busy: Mapping[int, float]  #: the share of each core's time that was spent, by the core's number
    stolen: float  #: the share of all cores' time that a hypervisor took


def watch(seconds: float = WATCH_S) -> Load:
    """Watch the cores for some seconds, and do nothing meanwhile."""
    times = psutil.cpu_times_percent(interval=seconds, percpu=True)
    busy = [1 - (core.idle + getattr(core, "iowait", 0.0)) / 100 for core in times]
    return Load(affinity.by_core(busy), sum(getattr(core, "steal", 0.0) for core in times) / 100 / len(times))


def examine(load: Load, environment: Mapping[str, str], root: Path = Path("/")) -> Iterator[Finding]:
    """Yield what every check finds.

    Parameters
    ----------
    load
        Of the cores, as :func:`watch` sees it.
    environment
        The variables of a person's shell.
    root
        Where ``/proc`` and ``/sys`` lie.
    """
    here = machine.describe(root)
    yield from findings.of(here, machine.software())
    yield _busy(load)
    yield _stolen(load, here["virtualisation"])
    yield _not_inherited(environment)
    yield _preloaded(environment)
    yield _matrix_tiles()
    yield _llvm_mca()
    yield from _extras(requires("fatnn-bench") or ())


def _busy(load: Load) -> Finding:
    what = "load"
    busy = [core for core, share in load.busy.items() if share > BUSY]
    if not busy:
        return Finding(what, State.GOOD, f"no core is busy (at most {max(load.busy.values(), default=0):.0%})")
    names = ", ".join(f"{core} ({load.busy[core]:.0%})" for core in busy)
    return Finding(what, State.DOUBTFUL, f"busy cores: {names}", "top -o %CPU")


def _stolen(load: Load, virtualisation: str | None) -> Finding:
    what = "steal time"
    if virtualisation == "none":
        return Finding(what, State.GOOD, "no virtual machine")
    if load.stolen <= STOLEN:
        return Finding(what, State.GOOD, f"{load.stolen:.1%} taken by the hypervisor")
    found = f"{load.stolen:.1%} taken by the hypervisor; a machine with cores of its own has none"
    return Finding(what, State.DOUBTFUL, found)


def _not_inherited(environment: Mapping[str, str]) -> Finding:
    what = "variables of libraries"
    if given := variables.removed(environment):
        found = f"{', '.join(given)}: what is measured does not see them, and a platform says what it sees instead"
        return Finding(what, State.NOTE, found, f"unset {' '.join(given)}")
    return Finding(what, State.GOOD, "none are set that would change what is measured")


def _preloaded(environment: Mapping[str, str]) -> Finding:
    what = "LD_PRELOAD"
    if libraries := variables.recorded(environment).get("LD_PRELOAD"):
        return Finding(what, State.DOUBTFUL, f"{libraries}, which what is measured loads too", "unset LD_PRELOAD")
    return Finding(what, State.GOOD, "none")


def _matrix_tiles() -> Finding:
    what = "matrix tiles"
    if lack := obstacle(INT8_TILES):
        return Finding(what, State.NOTE, f"{lack}; kernels by tiles are skipped")
    return Finding(what, State.GOOD, "AMX, and the kernel lets processes use it")


def _llvm_mca() -> Finding:
    what = "llvm-mca"
    program, packaged = llvm_mca.find(), llvm_mca.packaged()
    if program is None:
        found = "not on the PATH: modelled platforms are skipped"
        install = (
            "sudo apt install llvm, or brew install llvm" if packaged is None else f"sudo apt install llvm-{packaged}"
        )
        return Finding(what, State.NOTE, found, install)
    found = f"{llvm_mca.version(program)}, {program}"
    if packaged is not None and packaged >= llvm_mca.major(program) + _MUCH_NEWER:
        better = f"{found}: {packaged} is packaged, and describes more CPUs, and better"
        return Finding(what, State.NOTE, better, f"sudo apt install llvm-{packaged}")
    return Finding(what, State.GOOD, found)


def _extras(requirements: Iterable[str]) -> Iterator[Finding]:
    """What is installed of each extra; ``requirements`` as packages' metadata have them."""
    packages: dict[str, list[str]] = {}
    for requirement in requirements:
        if found := re.match(r"""([\w.-]+).*extra == ['"]([\w-]+)""", requirement):
            packages.setdefault(found[2], []).append(found[1])
    for extra in sorted(packages.keys() - set(_NOT_FOR_USE)):
        if absent := [package for package in packages[extra] if machine.installed_version(package) is None]:
            lacks = f"{', '.join(absent)} not installed: what needs it is skipped"
            yield Finding(f"extra {extra}", State.NOTE, lacks, f"pip install 'fatnn-bench[{extra}]'")
        else:
            yield Finding(f"extra {extra}", State.GOOD, "installed")
