"""Whether a CPU's matrix tiles (Intel AMX) may be used: Linux gives a process their registers when it asks for them."""

import ctypes
import os
import platform
import sys
from functools import cache

#: What LLVM calls tiles that multiply int8, in its list of a CPU's features.
FEATURE = "+amx-int8"

#: arch_prctl of x86-64, ARCH_REQ_XCOMP_PERM and XFEATURE_XTILE_DATA: see Linux's Documentation/arch/x86/xstate.rst.
_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_DATA = 158, 0x1023, 18


@cache
def refusal() -> str:
    """Why this process, whose CPU has tiles, may not use them; empty if it may. The kernel is asked once."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return f"nothing here asks {sys.platform} for the registers of matrix tiles (AMX)"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_DATA) == 0:
        return ""
    return f"the kernel refuses the registers of matrix tiles (AMX): {os.strerror(ctypes.get_errno())}"
