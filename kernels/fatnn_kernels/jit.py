"""How the kernels are compiled, and where the compiled code is kept.

``cache=True`` lets a second process start in milliseconds. Numba's own cache notices neither a changed function that
a cached one calls nor a changed compile setting, and a stale kernel in a benchmark is a wrong result: so each state
of the kernel sources, Numba, llvmlite, target and settings has a folder of its own. ``error_model="numpy"`` keeps the
check for a division by zero out of the loops. ``nogil`` lets a Python thread watch the clock while a kernel runs.
"""

import hashlib
import os
import platform
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding as llvm
import numba
from numba import config

from fatnn_kernels.target import current_target

#: The hot loops are a few hundred bytes long. Where one began within a cache line changed its speed by up to a third
#: from process to process, as the machine code landed elsewhere; LLVM aligns to 16 bytes only.
llvm.set_option("fatnn_kernels", "-align-loops=64")

F = TypeVar("F", bound=Callable[..., Any])


def compiled(*, parallel: bool = False) -> Callable[[F], F]:
    """Compile a function with Numba at its first call, and keep the machine code on disk."""

    def decorate(function: F) -> F:
        before = config.CACHE_DIR
        config.CACHE_DIR = str(cache_folder() or "")
        try:
            decorated: F = numba.njit(
                cache=cache_folder() is not None, error_model="numpy", nogil=True, parallel=parallel
            )(function)
        finally:
            config.CACHE_DIR = before
        return decorated

    return decorate


@cache
def cache_folder() -> Path | None:
    """The folder of this state of the kernels, or None where nothing can be written.

    It lies in ``NUMBA_CACHE_DIR`` where that is set, else in ``$XDG_CACHE_HOME/fatnn-bench``
    (``~/.cache/fatnn-bench``).
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    base = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(home) / "fatnn-bench")
    folder = base / source_key()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


@cache
def source_key() -> str:
    """Sixteen hexadecimal digits that change with anything that can change the machine code."""
    target = current_target()
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    software = [version("numba"), version("llvmlite"), platform.python_version()]
    settings = [f"{name}={getattr(config, name)}" for name in _SETTINGS]
    for fact in (*software, target.triple, target.cpu, target.features, *settings):
        digest.update(str(fact).encode() + b"\0")
    return digest.hexdigest()[:16]


#: Numba's settings that change what it generates.
_SETTINGS = (
    "OPT",
    "LOOP_VECTORIZE",
    "SLP_VECTORIZE",
    "ENABLE_AVX",
    "DEBUGINFO_DEFAULT",
    "BOUNDSCHECK",
    "THREADING_LAYER",
)
