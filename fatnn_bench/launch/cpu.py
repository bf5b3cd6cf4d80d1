"""The kind ``cpu``: the worker is a process on this machine, compiled for the instruction set of the platform."""

import os
from collections.abc import Generator, Mapping

import archspec.cpu
from archspec.cpu.detect import detected_info

from fatnn_bench.harness.events import Event
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import process
from fatnn_bench.launch.spread import spread
from fatnn_bench.platforms import CpuPlatform
from fatnn_bench.processes import children

#: The code that libraries, which choose their own, are to run at an instruction-set level: else the baselines would use
#: more of the machine than the kernels beside them. OpenBLAS, PyTorch, oneDNN and MKL have words of their own.
_CORE, _CAPABILITY, _ISA, _MKL = (
    *("OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY"),
    *("ONEDNN_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS"),
)
_LEVELS = {
    "x86-64": {_CORE: "Prescott", _CAPABILITY: "default", _ISA: "SSE41", _MKL: "SSE4_2"},  # their least
    "x86-64-v2": {_CORE: "Nehalem", _CAPABILITY: "default", _ISA: "SSE41", _MKL: "SSE4_2"},
    "x86-64-v3": {_CORE: "Haswell", _CAPABILITY: "avx2", _ISA: "AVX2", _MKL: "AVX2"},
    "x86-64-v4": {_CORE: "SkylakeX", _CAPABILITY: "avx512", _ISA: "AVX512_CORE", _MKL: "AVX512"},
}

#: Libraries' words for some 0.1 to 1 ms of spinning: turns of a loop, milliseconds, and a power of two of clock cycles.
#: By themselves GNU's OpenMP spins for ever where it is told to, LLVM's for 200 ms, and OpenBLAS for 2^26 cycles.
_SPIN = {"GOMP_SPINCOUNT": "20000", "KMP_BLOCKTIME": "1", "OPENBLAS_THREAD_TIMEOUT": "20"}


def events(platform: CpuPlatform, request: Request) -> Generator[Event]:
    """Measure in workers of its own; see :func:`fatnn_bench.launch.events`."""
    command = children.command("fatnn_bench.harness.worker")
    return spread(lambda share: process.listen(command, environment(platform, os.environ), share), request)


def obstacle(platform: CpuPlatform) -> str:
    """Return what this CPU lacks of the one that the platform compiles for.

    archspec tells by name. A CPU that it does not know by LLVM's name is tried.
    """
    wanted = archspec.cpu.TARGETS.get((platform.numba_cpu or "").replace("-", "_"))
    if wanted is None:
        return ""
    here = archspec.cpu.host().family
    if wanted.family != here:
        return f"{platform.numba_cpu} is a CPU of {wanted.family}, this one is of {here}"
    missing = sorted(set(wanted.features) - set(detected_info().features))
    return f"this CPU has no {', '.join(missing)}, which {platform.numba_cpu} needs" if missing else ""


def environment(platform: CpuPlatform, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of a platform's worker: what libraries read once, when they are loaded.

    What the shell holds of such variables does not count (:mod:`fatnn_bench.processes.variables`): ``native`` is this
    CPU. Threads are bound to cores: unbound, two of them can land on one core for a whole sample. They spin while
    they wait for the next call, as waking costs more than a small layer, but not for as long as libraries would have
    them: the idle threads of one library are to leave the cores to those of another before it is timed.
    """
    threads = str(platform.thread_count)
    chosen = {
        "NUMBA_NUM_THREADS": threads,
        "NUMBA_THREADING_LAYER_PRIORITY": "omp tbb workqueue",
        "OMP_NUM_THREADS": threads,
        "OMP_DYNAMIC": "false",
        "OMP_PROC_BIND": "true",
        **_SPIN,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "MKL_DYNAMIC": "FALSE",
    }
    if platform.numba_cpu is not None:
        chosen["NUMBA_CPU_NAME"] = platform.numba_cpu
        chosen["NUMBA_CPU_FEATURES"] = platform.numba_features or ""
    chosen |= _LEVELS.get(platform.numba_cpu or "", {})
    return children.environment(inherited) | chosen | platform.environment
