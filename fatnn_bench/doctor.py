"""What on this machine makes times doubtful, and the command that mends it. Nothing is changed here.

Each check looks at one thing and says what it found; what the system does not tell, it says too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import requires
from pathlib import Path

import psutil

from fatnn_bench import machine
from fatnn_bench.harness.affinity import core_list, efficiency_cores
from fatnn_bench.model import mca

__all__ = ["Finding", "State", "examine"]

#: How long the cores are watched.
WATCH_S = 1.0
#: A core is busy, and a vCPU stolen from, if more of its time is gone than this.
BUSY, STOLEN = 0.10, 0.005
#: What the largest layers need: the operands of a block of VGG16, and room for the system.
_MEMORY_BYTES = 2 * 2**30
_CPU = "sys/devices/system/cpu"
#: What they would set is set for every worker, by its platform.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
#: Extras for those who work on the suite.
_NOT_FOR_USE = ("test", "dev")


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


@dataclass(frozen=True)
class Load:
    """What was seen of the cores while they were watched."""

    busy: tuple[float, ...]  #: the share of each core's time that was spent
    stolen: float  #: the share of all cores' time that a hypervisor took


def watch(seconds: float = WATCH_S) -> Load:
    """Watch the cores for some seconds, and do nothing meanwhile."""
    times = psutil.cpu_times_percent(interval=seconds, percpu=True)
    busy = tuple(1 - (core.idle + getattr(core, "iowait", 0.0)) / 100 for core in times)
    return Load(busy, sum(getattr(core, "steal", 0.0) for core in times) / 100 / len(times))


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
    yield _governor(here["governor"])
    yield _turbo(here["turbo"], root)
    yield _siblings(root)
    yield _busy(load)
    yield _stolen(load, here["virtualisation"])
    yield _isolated(root)
    yield _efficiency(root)
    yield _memory()
    yield _threads(environment)
    yield _blas(machine.blas())
    yield _llvm_mca()
    yield from _extras(requires("fatnn-bench") or ())


def _governor(governor: str | None) -> Finding:
    what = "governor"
    if governor is None:
        return Finding(what, State.UNKNOWN, "the system does not tell, as in most virtual machines")
    if governor == "performance":
        return Finding(what, State.GOOD, governor)
    return Finding(
        what, State.DOUBTFUL, f"{governor}: clocks follow the load", "sudo cpupower frequency-set -g performance"
    )


def _turbo(turbo: bool | None, root: Path) -> Finding:
    what = "turbo"
    if turbo is None:
        return Finding(what, State.UNKNOWN, "the system does not tell")
    if not turbo:
        return Finding(what, State.GOOD, "off")
    intel = (root / _CPU / "intel_pstate/no_turbo").exists()
    switch = f"1 | sudo tee /{_CPU}/intel_pstate/no_turbo" if intel else f"0 | sudo tee /{_CPU}/cpufreq/boost"
    return Finding(what, State.DOUBTFUL, "on: clocks fall as the chip warms", f"echo {switch}")


def _siblings(root: Path) -> Finding:
    what = "SMT siblings"
    lists = [core_list(_text(path)) for path in (root / _CPU).glob("cpu[0-9]*/topology/thread_siblings_list")]
    if not lists:
        return Finding(what, State.UNKNOWN, "the system does not tell")
    if max(map(len, lists)) == 1:
        return Finding(what, State.GOOD, "none: a thread has a core of its own")
    pair = ",".join(map(str, sorted(next(cores for cores in lists if len(cores) > 1))))
    found = f"cores are shared, as by {pair}: what runs on one slows the others"
    return Finding(what, State.DOUBTFUL, found, f"echo off | sudo tee /{_CPU}/smt/control")


def _busy(load: Load) -> Finding:
    what = "load"
    busy = [core for core, share in enumerate(load.busy) if share > BUSY]
    if not busy:
        return Finding(what, State.GOOD, f"no core is busy (at most {max(load.busy, default=0):.0%})")
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


def _isolated(root: Path) -> Finding:
    what = "isolated cores"
    path = root / _CPU / "isolated"
    if not path.exists():
        return Finding(what, State.UNKNOWN, "the system does not tell")
    cores = _text(path)
    if cores:
        return Finding(what, State.GOOD, cores, f"taskset -c {cores} fatnn-bench run")
    return Finding(
        what, State.NOTE, "none: any process may come onto a core that measures; isolcpus= at boot keeps some free"
    )


def _efficiency(root: Path) -> Finding:
    cores = sorted(efficiency_cores(root))
    if not cores:
        return Finding("efficiency cores", State.GOOD, "none")
    names = ", ".join(map(str, cores))
    return Finding("efficiency cores", State.NOTE, f"{names}; one thread is kept off them, several are not")


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    found = f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free"
    if memory.available < _MEMORY_BYTES:
        return Finding("memory", State.DOUBTFUL, f"{found}; large layers may be swapped out", "top -o %MEM")
    return Finding("memory", State.GOOD, found)


def _threads(environment: Mapping[str, str]) -> Finding:
    what = "thread counts in the environment"
    given = {name: environment[name] for name in _THREAD_VARIABLES if name in environment}
    if not given:
        return Finding(what, State.GOOD, "none")
    found = ", ".join(f"{name}={value}" for name, value in given.items()) + "; a platform's `threads` counts instead"
    return Finding(what, State.NOTE, found, f"unset {' '.join(given)}")


def _blas(libraries: list[dict[str, object]]) -> Finding:
    found = ", ".join(
        dict.fromkeys(f"{each['internal_api']} {each['version']} for {each['architecture']}" for each in libraries)
    )
    if found:
        return Finding("BLAS", State.GOOD, found)
    return Finding(
        "BLAS", State.DOUBTFUL, "NumPy tells none: blas.float32 may be slow", "pip install --force-reinstall numpy"
    )


def _llvm_mca() -> Finding:
    what = "llvm-mca"
    program = mca.find()
    if program is None:
        found = "not on the PATH: modelled platforms are skipped"
        return Finding(what, State.NOTE, found, "sudo apt install llvm, or brew install llvm")
    return Finding(what, State.GOOD, f"{mca.version(program)}, {program}")


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


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
