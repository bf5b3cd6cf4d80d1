"""The program llvm-mca, as far as this machine has one; what it computes is :mod:`fatnn_bench.model.mca`."""

import re
import shutil
import subprocess
from functools import cache

__all__ = ["find", "version"]

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
def version(program: str) -> str:
    """Return the version of an llvm-mca, such as ``22.1.8``."""
    output = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_TIMEOUT_S).stdout
    found = re.search(r"version (\S+)", output)
    return found.group(1) if found else "of unknown version"
