"""Environment variables that change what is measured: what a worker does not inherit, what it does, what is recorded.

A platform says what is set (:mod:`fatnn_bench.launch.cpu`); what a person's shell happens to hold does not count. So a
worker inherits none of the variables by which libraries choose threads, instruction sets, memory and debugging, but for
those that say where something lies. A header tells the values of :data:`RECORDED` alone: nobody hid anything there.
"""

import re
from collections.abc import Mapping
from pathlib import PurePath

__all__ = ["RECORDED", "SETTABLE", "inherited", "libraries", "recorded", "removed"]

#: How the names begin of what a worker does not inherit.
_REMOVED = (
    *("OMP_", "GOMP_", "KMP_", "LIBOMP_", "TBB_"),  # threads
    *("NUMBA_", "ATEN_", "TORCH_", "PYTORCH_", "TORCHINDUCTOR_", "ORT_", "ONNXRUNTIME_", "GGML_"),
    *("MKL_", "ONEDNN_", "DNNL_", "OPENBLAS_", "GOTO_", "BLIS_", "VECLIB_", "ARMPL_", "ACCELERATE_"),
    *("NPY_", "NUMPY_"),
    *("CUDNN_", "CUBLAS_", "CUBLASLT_", "NVIDIA_TF32_OVERRIDE", "CUDA_LAUNCH_BLOCKING", "CUDA_MODULE_LOADING"),
    *("MALLOC_", "GLIBC_TUNABLES", "MIMALLOC_", "JE_MALLOC_", "TCMALLOC_", "HUGETLB_", "GLIBCXX_FORCE_NEW"),
    *("LD_AUDIT", "LD_BIND_NOW", "LD_DEBUG", "LD_PROFILE", "LD_HWCAP_MASK"),
    *(
        "PYTHONMALLOC",
        "PYTHONDEVMODE",
        "PYTHONTRACEMALLOC",
        "PYTHONINSPECT",
        "PYTHONOPTIMIZE",
        "PYTHONPROFILEIMPORTTIME",
    ),
    *("PYTHONDEBUG", "PYTHONASYNCIODEBUG", "PYTHONPERFSUPPORT", "PYTHON_GIL", "PYTHON_JIT", "PYTHON_PERF_JIT_SUPPORT"),
    "PYTHONWARNINGS",  # some library's warning would be an error of what is measured
)
#: Of these, what it does inherit: where something lies, and whether CUDA is simulated.
_KEPT = frozenset(
    {"NUMBA_CACHE_DIR", "NUMBA_ENABLE_CUDASIM", "NUMBA_CUDA_DRIVER", "NUMBA_CUDA_INCLUDE_PATH", "TORCH_HOME"}
)
#: What is set in every child, so that no library tells its makers what it sees: it would do so while it is timed.
_TELEMETRY_OFF = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}

#: What an entry of platforms.yaml may set for its workers: choices of how to compute, nothing that names a file.
SETTABLE = frozenset(
    {
        "ATEN_CPU_CAPABILITY",
        "DNNL_DEFAULT_FPMATH_MODE",
        "GOMP_CPU_AFFINITY",
        "GOMP_SPINCOUNT",
        "KMP_AFFINITY",
        "KMP_BLOCKTIME",
        "KMP_LIBRARY",
        "MALLOC_ARENA_MAX",
        "MKL_CBWR",
        "MKL_DYNAMIC",
        "MKL_ENABLE_INSTRUCTIONS",
        "NPY_DISABLE_CPU_FEATURES",
        "NUMBA_BOUNDSCHECK",
        "NUMBA_ENABLE_AVX",
        "NUMBA_LOOP_VECTORIZE",
        "NUMBA_OPT",
        "NUMBA_SLP_VECTORIZE",
        "NUMBA_THREADING_LAYER",
        "NUMBA_THREADING_LAYER_PRIORITY",
        "NUMPY_MADVISE_HUGEPAGE",
        "OMP_DYNAMIC",
        "OMP_PLACES",
        "OMP_PROC_BIND",
        "OMP_SCHEDULE",
        "OMP_WAIT_POLICY",
        "ONEDNN_DEFAULT_FPMATH_MODE",
        "ONEDNN_MAX_CPU_ISA",
        "OPENBLAS_CORETYPE",
        "OPENBLAS_THREAD_TIMEOUT",
    }
)
#: What a header tells with its value.
RECORDED = SETTABLE | {
    "CUDA_DEVICE_ORDER",
    "CUDA_VISIBLE_DEVICES",
    "GLIBC_TUNABLES",
    "LD_PRELOAD",
    "MKL_NUM_THREADS",
    "NUMBA_CPU_FEATURES",
    "NUMBA_CPU_NAME",
    "NUMBA_DISABLE_JIT",
    "NUMBA_ENABLE_CUDASIM",
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OMP_THREAD_LIMIT",
    "OPENBLAS_NUM_THREADS",
    "ORT_DISABLE_TELEMETRY",
}


def removed(environment: Mapping[str, str]) -> list[str]:
    """Return the names of what a worker does not inherit of an environment, sorted."""
    return sorted(
        name for name in environment if name.startswith(_REMOVED) and name not in _KEPT | _TELEMETRY_OFF.keys()
    )


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a worker inherits of an environment, with telemetry switched off."""
    gone = set(removed(environment))
    return {name: value for name, value in environment.items() if name not in gone} | _TELEMETRY_OFF


def recorded(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a header tells of an environment. Of libraries that are loaded first it tells the names alone."""
    found = {name: value for name, value in sorted(environment.items()) if name in RECORDED}
    if "LD_PRELOAD" in found:
        found["LD_PRELOAD"] = " ".join(PurePath(path).name for path in libraries(found["LD_PRELOAD"]))
    return found


def libraries(preload: str) -> list[str]:
    """Return the libraries that a value of ``LD_PRELOAD`` names."""
    return re.findall(r"[^:\s]+", preload)
