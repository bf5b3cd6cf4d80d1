"""What the clock of a GPU does while samples are taken, as the driver's library NVML tells it.

A GPU that is hot, or short of power by the server's account, is slowed down. Its own power limit, which some kernels
reach and others do not, is no disturbance: it is as much a part of the GPU as its highest clock.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

#: NVML's number of the clock of multiprocessors.
_SM = 1
#: Bits of NVML's ``nvmlClocksEventReasons`` that say that the GPU is slowed down, and why.
_SLOWED = {0x8: "by its hardware", 0x20: "for its heat", 0x40: "for its heat", 0x80: "by a power brake"}


@dataclass(frozen=True)
class GpuClock:
    """A look at the clock."""

    frequency_hz: int  #: of the multiprocessors
    slowed: str = ""  #: why it is slowed down, if it is: "for its heat"


def look() -> GpuClock | None:
    """Return the clock now of the GPU that this process sees first; None where nobody tells."""
    found = _device()
    if found is None:
        return None
    nvml, device = found
    try:
        megahertz = nvml.device_get_clock_info(device, _SM)
        reasons = nvml.device_get_current_clocks_event_reasons(device)
    except nvml.NvmlError:  # not of this GPU
        return None
    why = dict.fromkeys(words for bit, words in _SLOWED.items() if reasons & bit)
    return GpuClock(megahertz * 1_000_000, " and ".join(why))


@cache
def _device() -> tuple[Any, Any] | None:
    """NVML and its handle of the GPU; None without them, as in Numba's simulator."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    try:
        from cuda.bindings import nvml
    except ImportError:
        return None
    by_number = visible.isdecimal()
    try:
        nvml.init_v2()
        find = nvml.device_get_handle_by_index_v2 if by_number else nvml.device_get_handle_by_uuid
        return nvml, find(int(visible) if by_number else visible)
    except (nvml.NvmlError, RuntimeError):  # no such GPU, no driver
        return None
