"""The kind ``cuda``: the worker is a process on this machine that measures on one of its GPUs."""

import ctypes
import os
from collections.abc import Generator, Mapping
from importlib.util import find_spec

from fatnn_bench.harness.events import Event
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import process
from fatnn_bench.launch.spread import spread
from fatnn_bench.platforms import CudaPlatform
from fatnn_bench.processes import children


def events(platform: CudaPlatform, request: Request) -> Generator[Event]:
    """Measure in workers of its own; see :func:`fatnn_bench.launch.events`."""
    command = children.command("fatnn_bench.harness.worker", "cuda")
    return spread(lambda share: process.listen(command, environment(platform, os.environ), share), request)


def obstacle(platform: CudaPlatform) -> str:
    """Return what is missing: numba-cuda, the driver, or the GPU. Numba's CUDA simulator needs none of the last two."""
    if find_spec("numba_cuda") is None:
        return "numba-cuda is not installed; pip install 'fatnn-bench[cuda]'"
    if os.environ.get("NUMBA_ENABLE_CUDASIM") == "1":
        return ""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "there is no NVIDIA driver: libcuda.so.1 is not found"
    count = ctypes.c_int(0)
    if code := driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return f"the NVIDIA driver finds no GPU (error {code}); what does nvidia-smi say?"
    if platform.device >= count.value:
        return f"device is {platform.device}, and this machine has {count.value} GPUs, numbered from 0"
    return ""


def environment(platform: CudaPlatform, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of the worker: it sees one GPU, numbered as nvidia-smi does, or within those that it may see."""
    visible = inherited.get("CUDA_VISIBLE_DEVICES", "").split(",")
    chosen = visible[platform.device] if platform.device < len(visible) and visible[0] else str(platform.device)
    return children.environment(inherited) | {
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": chosen,
        "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS": "0",  # small layers are what they are
    }
