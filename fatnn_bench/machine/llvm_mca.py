"""The program llvm-mca, as far as this machine has one; what it computes is :mod:`fatnn_bench.model.mca`."""

import re
import shutil
import subprocess
from functools import cache

__all__ = ["find", "major", "packaged", "version"]

#: Distributions put the version of LLVM behind the name; the range is generous, and costs nothing.
_NAMES = ("llvm-mca", *(f"llvm-mca-{version}" for version in range(13, 41)))
_TIMEOUT_S = 60


@cache
def find() -> str | None:
    """Return the path of the newest llvm-mca on the PATH, which knows most CPUs; None where there is none."""
    return max((path for name in _NAMES if (path := shutil.which(name))), key=_version_numbers, default=None)


def _version_numbers(program: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version(program))]


@cache
def packaged() -> int | None:
    """Return the newest major version of LLVM that apt could install; None where there is no apt, or it tells none."""
    apt = shutil.which("apt-cache")
    if apt is None:
        return None
    command = [apt, "search", "--names-only", r"^llvm-[0-9]+$"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False).stdout
    return max(map(int, re.findall(r"^llvm-(\d+) ", found, re.MULTILINE)), default=None)


def major(program: str) -> int:
    """Return the major version of an llvm-mca; 0 where it tells none."""
    return next(iter(_version_numbers(program)), 0)


@cache
def version(program: str) -> str:
    """Return the version of an llvm-mca, such as ``22.1.8``."""
    output = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_TIMEOUT_S).stdout
    found = re.search(r"version (\S+)", output)
    return found.group(1) if found else "of unknown version"
