"""ggml as wheels bring it, called by ctypes: where it lies, what it must have, and what it was built for."""

import ctypes
import importlib.metadata
import importlib.util
from ctypes import POINTER, Structure, c_bool, c_byte, c_char_p, c_float, c_int, c_int64, c_size_t, c_uint32, c_void_p
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import archspec.cpu
from archspec.cpu.detect import detected_info

from fatnn_kernels.target import current_target


class UnusableError(Exception):
    """What keeps a library from being used, in a sentence."""


@dataclass(frozen=True)
class Library:
    """A wheel with ggml in it."""

    package: str  #: as pip knows it
    module: str  #: the folder that it installs
    file: str  #: of the shared library below that folder; a pattern
    has_pool: bool  #: its threads are of a pool that callers keep; else of OpenMP


class Context(Structure):
    """Memory for tensors and graphs: what ``ggml_init`` takes."""

    _fields_ = (("bytes", c_size_t), ("buffer", c_void_p), ("no_alloc", c_bool))


class Plan(Structure):
    """What a graph needs: what ``ggml_graph_plan`` returns. Versions differ in what follows, which stays as it is."""

    _fields_ = (("work_bytes", c_size_t), ("work", c_void_p), ("threads", c_int), ("others", c_byte * 108))


class PoolParameters(Structure):
    """What ``ggml_threadpool_new`` takes."""

    _fields_ = (
        *(("cores", c_bool * 512), ("threads", c_int), ("priority", c_int), ("poll", c_uint32)),
        *(("strict", c_bool), ("paused", c_bool)),
    )


_Signature = tuple[Any, tuple[Any, ...]]
_FUNCTIONS: dict[str, _Signature] = {
    "ggml_type_name": (c_char_p, (c_int,)),
    "ggml_blck_size": (c_int64, (c_int,)),
    "ggml_row_size": (c_size_t, (c_int, c_int64)),
    "ggml_quantize_chunk": (
        c_size_t,
        (c_int, POINTER(c_float), c_void_p, c_int64, c_int64, c_int64, POINTER(c_float)),
    ),
    "ggml_init": (c_void_p, (Context,)),
    "ggml_free": (None, (c_void_p,)),
    "ggml_new_tensor_2d": (c_void_p, (c_void_p, c_int, c_int64, c_int64)),
    "ggml_get_data": (c_void_p, (c_void_p,)),
    "ggml_mul_mat": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "ggml_new_graph": (c_void_p, (c_void_p,)),
    "ggml_build_forward_expand": (None, (c_void_p, c_void_p)),
    "ggml_graph_plan": (Plan, (c_void_p, c_int, c_void_p)),
    "ggml_graph_compute": (c_int, (c_void_p, POINTER(Plan))),
}
_POOL_FUNCTIONS: dict[str, _Signature] = {
    "ggml_cpu_init": (None, ()),
    "ggml_threadpool_params_default": (PoolParameters, (c_int,)),
    "ggml_threadpool_new": (c_void_p, (POINTER(PoolParameters),)),
}
#: What ggml tells that it was compiled for, and archspec's word for it.
_INSTRUCTIONS = {
    **{"avx": "avx", "avx2": "avx2", "fma": "fma", "f16c": "f16c", "avx_vnni": "avx_vnni"},
    **{"avx512": "avx512f", "avx512_vbmi": "avx512_vbmi", "avx512_vnni": "avx512_vnni"},
    **{"avx512_bf16": "avx512_bf16", "amx_int8": "amx_int8"},
    **{"neon": "asimd", "dotprod": "asimddp", "matmul_int8": "i8mm", "sve": "sve"},
}

#: How long idle threads spin before they sleep, in units of some milliseconds: waking costs more than a small layer,
#: and by itself ggml spins for 50 of them, in which other kernels are timed.
_POLL = 1


@cache
def obstacle(library: Library) -> str:
    """Why a library cannot be used here, in a sentence; empty if it can. Raises OSError for a file that is none."""
    try:
        loaded = load(library)
    except UnusableError as reason:
        return str(reason)
    lacking = [name for name in built_for(loaded) if _INSTRUCTIONS[name] not in _instructions_here()]
    if lacking:
        return f"{library.package} is built for {', '.join(lacking)}, which this platform lacks"
    return ""


@cache
def load(library: Library) -> ctypes.CDLL:
    """The library, its functions typed. Raises UnusableError where one is missing, or all; OSError for no library."""
    found = importlib.util.find_spec(library.module)
    folders = (found.submodule_search_locations if found else None) or []
    paths = [path for folder in folders for path in sorted(Path(folder).glob(library.file))]
    if not paths:
        raise UnusableError(f"{library.package} is not installed: pip install 'fatnn-bench[engines]'")
    loaded = ctypes.CDLL(str(paths[0]))
    for name, (result, arguments) in (_FUNCTIONS | (_POOL_FUNCTIONS if library.has_pool else {})).items():
        try:
            function = getattr(loaded, name)
        except AttributeError:
            raise UnusableError(f"{described(library)} has no {name}") from None
        function.restype, function.argtypes = result, arguments
    if library.has_pool:
        loaded.ggml_cpu_init()
    return loaded


def described(library: Library) -> str:
    """The package and its version."""
    try:
        return f"{library.package} {importlib.metadata.version(library.package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{library.package} of no known version"


def built_for(loaded: ctypes.CDLL) -> list[str]:
    """The instruction sets that a library was compiled for, as far as it tells."""
    asked = {name: getattr(loaded, f"ggml_cpu_has_{name}", None) for name in _INSTRUCTIONS}
    return [name for name, ask in asked.items() if ask is not None and ask()]


@cache
def pool(library: Library, threads: int) -> int | None:
    """The threads that all graphs of a library share; None where OpenMP has them."""
    if not library.has_pool:
        return None
    loaded = load(library)
    parameters = loaded.ggml_threadpool_params_default(threads)
    if parameters.threads != threads:
        raise UnusableError(f"{described(library)} has thread pools of another layout")
    parameters.poll = _POLL
    made: int | None = loaded.ggml_threadpool_new(ctypes.byref(parameters))
    return made


@cache
def _instructions_here() -> frozenset[str]:
    """Of the level that the platform compiles for, or of this CPU."""
    level = archspec.cpu.TARGETS.get(current_target().cpu.replace("-", "_"))
    if level is not None and level.vendor == "generic":
        return frozenset(level.features)
    return frozenset(detected_info().features)
