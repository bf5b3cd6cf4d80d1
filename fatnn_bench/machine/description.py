"""What a run was measured on: the machine, the software, and which of it makes two machines the same.

Everything is best effort: what a system does not tell is None, and nothing here raises for it.
"""

import hashlib
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import archspec.cpu
import psutil
from archspec.cpu.detect import brand_string, detected_info

from fatnn_bench.machine import quota
from fatnn_bench.machine.affinity import efficiency_cores
from fatnn_bench.machine.quota import usable_cores
from fatnn_bench.processes import variables

_PACKAGES = ("fatnn-bench", "numpy", "scipy", "numba", "llvmlite", "numba-cuda", "torch", "onnxruntime")
_CPU = "sys/devices/system/cpu"
#: Files that switch turbo, below :data:`_CPU`, and what they hold where it is on: Intel's driver first.
_TURBO_SWITCHES = {"intel_pstate/no_turbo": "0", "cpufreq/boost": "1"}
#: Instruction sets, by the names that archspec has for them. The kernel's list holds much else, and changes with it.
_INSTRUCTION_SETS = frozenset().union(*(target.features for target in archspec.cpu.TARGETS.values()))


def describe(root: Path = Path("/")) -> dict[str, Any]:
    """Return the machine: its processor, memory, system, and the state of its clocks and load now.

    Parameters
    ----------
    root
        Where ``/proc`` and ``/sys`` lie.
    """
    host = archspec.cpu.host()
    memory = psutil.virtual_memory()
    turbo, turbo_switch = _turbo(root)
    return {
        "cpu": _cpu_model(root),
        "vendor": host.vendor,
        "microarchitecture": host.name,
        "isa": platform.machine(),
        "flags": sorted(detected_info().features & _INSTRUCTION_SETS),
        "logical_cores": psutil.cpu_count(logical=True),
        "physical_cores": psutil.cpu_count(logical=False),
        "usable_cores": usable_cores(),
        "cpu_quota_cores": quota.cores(root),
        "efficiency_cores": sorted(efficiency_cores(root)),
        "isolated_cores": _text(root / _CPU / "isolated"),
        "caches_bytes": _caches(root),
        "memory_bytes": memory.total,
        "available_memory_bytes": memory.available,
        "system": platform.system(),
        "system_release": platform.release(),
        "virtualisation": _virtualisation(root),
        "container": _container(root),
        "governor": _text(root / _CPU / "cpu0/cpufreq/scaling_governor"),
        "turbo": turbo,
        "turbo_switch": turbo_switch,
        "frequency_hz": frequency_hz(root=root),
        "max_frequency_hz": _number(root / _CPU / "cpu0/cpufreq/cpuinfo_max_freq", 1000),
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def identity(machine: dict[str, Any]) -> dict[str, Any]:
    """Return what makes two machines the same, of a :func:`describe`: nothing that jitters, such as clocks or load."""
    flags = machine.get("flags")
    memory = machine.get("memory_bytes")
    return {
        **{name: machine.get(name) for name in ("cpu", "microarchitecture", "logical_cores", "physical_cores")},
        "flags_sha256": None if flags is None else hashlib.sha256(" ".join(sorted(flags)).encode()).hexdigest()[:16],
        "memory_gib": None if memory is None else round(memory / 2**30),
        "gpu": (machine.get("gpu") or {}).get("name"),
    }


def software() -> dict[str, Any]:
    """Return the versions of what computes, the commit of a checkout of ours, the BLAS, and variables that matter."""
    return {
        "python": platform.python_version(),
        **{package: installed_version(package) for package in _PACKAGES},
        **_commit(Path(__file__).parents[2]),
        "blas": blas(),
        "environment": variables.recorded(os.environ),
    }


def _cpu_model(root: Path) -> str | None:
    return _cpuinfo(root).get("model name") or brand_string() or platform.processor() or None


def _cpuinfo(root: Path, core: int = 0) -> dict[str, str]:
    """Return a core's fields; none where the system does not tell of it."""
    for processor in (_text(root / "proc/cpuinfo") or "").split("\n\n"):
        pairs = (line.partition(":") for line in processor.splitlines())
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        if fields.get("processor", str(core)) == str(core):
            return fields
    return {}


def _caches(root: Path) -> dict[str, int] | None:
    """Return bytes by level: L1d, L1i, L2 and so on."""
    caches: dict[str, int] = {}
    for index in sorted((root / _CPU / "cpu0/cache").glob("index*")):
        level, kind, size = (_text(index / name) for name in ("level", "type", "size"))
        if level and kind and size and size.endswith("K") and size[:-1].isdecimal():
            suffix = {"Data": "d", "Instruction": "i"}.get(kind, "")
            caches[f"L{level}{suffix}"] = int(size[:-1]) * 1024
    return caches or None


def _virtualisation(root: Path) -> str | None:
    """Return the hypervisor's name, or ``hypervisor`` if it has none, or ``none``."""
    flags = _cpuinfo(root).get("flags")
    named = _text(root / "sys/hypervisor/type")
    if named or flags is None:
        return named
    if "hypervisor" not in flags.split():
        return "none"
    return _text(root / "sys/class/dmi/id/product_name") or "hypervisor"


def _container(root: Path) -> str | None:
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "run/.containerenv").exists():
        return "podman"
    groups = _text(root / "proc/1/cgroup")
    if groups is None:
        return None
    return next((name for name in ("kubepods", "docker", "containerd", "lxc") if name in groups), "none")


def _turbo(root: Path) -> tuple[bool | None, str | None]:
    """Return whether the clock may rise above its base, and the file that switches it."""
    for switch, on in _TURBO_SWITCHES.items():
        if (found := _text(root / _CPU / switch)) is not None:
            return found == on, switch
    return None, None


def frequency_hz(core: int = 0, root: Path = Path("/")) -> int | None:
    """Return a core's clock now."""
    scaling = _number(root / _CPU / f"cpu{core}/cpufreq/scaling_cur_freq", 1000)
    megahertz = _cpuinfo(root, core).get("cpu MHz")
    return scaling if scaling or not megahertz else round(float(megahertz) * 1e6)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _number(path: Path, unit: int) -> int | None:
    text = _text(path)
    return int(text) * unit if text and text.isdecimal() else None


def installed_version(package: str) -> str | None:
    """Return the version of a distribution; None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit(checkout: Path) -> dict[str, Any]:
    """Return the commit, and whether what is measured differs from it; None where this is no git checkout."""
    unknown = {"commit": None, "dirty": None}
    if not (checkout / ".git").exists():
        return unknown
    try:
        commit = _git(checkout, "rev-parse", "--verify", "HEAD")
        changed = _git(checkout, "status", "--porcelain", "--", "fatnn_bench", "kernels", "platforms.yaml")
    except (OSError, subprocess.SubprocessError):
        return unknown
    return {"commit": commit, "dirty": bool(changed)}


def _git(checkout: Path, *arguments: str) -> str:
    command = ["git", "--no-optional-locks", "-C", str(checkout), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()


def blas() -> list[dict[str, Any]]:
    """Return the BLAS libraries that NumPy and SciPy load, without their paths."""
    import numpy  # noqa: F401  # threadpoolctl sees only libraries that are loaded
    from threadpoolctl import threadpool_info

    fields = ("internal_api", "version", "threading_layer", "architecture", "num_threads")
    found = [pool for pool in threadpool_info() if pool.get("user_api") == "blas"]
    found.sort(key=lambda pool: ("numpy" not in str(pool["filepath"]), str(pool["filepath"])))  # they come in any order
    return [{field: pool.get(field) for field in fields} for pool in found]
