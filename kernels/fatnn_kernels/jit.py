"""How the kernels are compiled, and where the compiled code is kept.

``cache=True`` lets a second process start in milliseconds. Numba's own cache notices neither a changed function that
a cached one calls nor a changed compile setting, and a stale kernel in a benchmark is a wrong result: so each state
of the kernel sources, Numba, llvmlite, target and settings has a folder of its own. ``error_model="numpy"`` keeps the
check for a division by zero out of the loops. ``nogil`` lets a Python thread watch the clock while a kernel runs.

Where machine code cannot be kept, or what is kept is broken, kernels are compiled in every process, which the log says.
"""

import hashlib
import io
import logging
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding as llvm
import numba
from numba import config
from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache

from fatnn_kernels.target import current_target

#: The hot loops are a few hundred bytes long. Where one began within a cache line changed its speed by up to a third
#: from process to process, as the machine code landed elsewhere; LLVM aligns to 16 bytes only.
llvm.set_option("fatnn_kernels", "-align-loops=64")

_log = logging.getLogger(__name__)

#: Numba's, of every compiled function.
OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}

F = TypeVar("F", bound=Callable[..., Any])


def compiled(*, parallel: bool = False) -> Callable[[F], F]:
    """Compile a function with Numba at its first call, and keep the machine code on disk."""

    def decorate(function: F) -> F:
        decorated: Any = numba.njit(**OPTIONS, parallel=parallel)(function)
        decorated._cache = _cache(function)  # as cache=True does, with a cache that fails for nothing
        return cast(F, decorated)

    return decorate


@cache
def cache_folder() -> Path | None:
    """The folder of this state of the kernels, or None where nothing can be written.

    It lies in ``NUMBA_CACHE_DIR`` where that is set, else in ``$XDG_CACHE_HOME/fatnn-bench``
    (``~/.cache/fatnn-bench``).
    """
    folder, _ = _folder_or_obstacle()
    return folder


@cache
def _folder_or_obstacle() -> tuple[Path | None, str]:
    """The folder, or why there is none."""
    try:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:  # no HOME, and a user without an entry
        home = None
    chosen = os.environ.get("NUMBA_CACHE_DIR") or (home and Path(home) / "fatnn-bench")
    if not chosen:
        return None, "this user has no home folder"
    folder = Path(chosen) / source_key()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return None, f"{chosen} cannot be written ({error.strerror})"
    return (folder, "") if os.access(folder, os.W_OK) else (None, f"{chosen} cannot be written")


class _SealedFiles(IndexDataCacheFile):  # type: ignore[misc]
    """Files that end in the digest of what they hold: machine code with a flipped bit unpickles, and runs."""

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[io.BytesIO]:
        with super()._open_for_write(filepath) as file:
            content = io.BytesIO()
            yield content
            file.write(content.getvalue() + _digest(content.getvalue()))

    def _load_index(self) -> Any:
        _refuse_changed(self._index_path)
        return super()._load_index()  # whose unpickling stops before the digest

    def _load_data(self, name: str) -> Any:
        _refuse_changed(self._data_path(name))
        return super()._load_data(name)


def _refuse_changed(path: str) -> None:
    """Raise ValueError if a file does not hold what was written; one that is missing is for others to tell."""
    with suppress(FileNotFoundError):
        content = Path(path).read_bytes()
        if _digest(content[:-_DIGEST_BYTES]) != content[-_DIGEST_BYTES:]:
            raise ValueError(f"{path} does not hold what was written")


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


_DIGEST_BYTES = len(_digest(b""))


class _Cache(FunctionCache):  # type: ignore[misc]
    """Numba's cache, without which a kernel is compiled where a file is broken or the disk is full."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file = _SealedFiles(self._cache_path, self._impl.filename_base, stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The machine code of these types; None where it is not kept, or broken."""
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # unpickling what was cut short raises anything
            _say_once(f"a file in {self.cache_path} is broken ({type(error).__name__})")
        try:
            self.flush()  # so that what is compiled now can be kept
        except OSError:
            self.disable()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep it, if the disk can."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            self.disable()
            _say_once(f"{self.cache_path} cannot be written ({error.strerror})")


class _NoCache(NullCache):  # type: ignore[misc]
    """What keeps nothing, and says why when that first makes a difference."""

    def load_overload(self, sig: Any, target_context: Any) -> None:
        """None."""
        _say_once(_folder_or_obstacle()[1])


def _cache(function: Callable[..., Any]) -> Any:
    folder, before = cache_folder(), config.CACHE_DIR
    if folder is None:
        return _NoCache()
    config.CACHE_DIR = str(folder)
    try:
        return _Cache(function)
    finally:
        config.CACHE_DIR = before


def _say_once(reason: str) -> None:
    if not _said:
        _said.append(reason)
        _log.warning("kernels are compiled anew: %s; NUMBA_CACHE_DIR names another folder to keep them in", reason)


#: Why kernels are compiled anew, if it was told.
_said: list[str] = []


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
