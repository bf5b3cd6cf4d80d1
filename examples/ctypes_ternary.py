"""A kernel in C, called through ctypes. It is compiled when the plugin is loaded.

fatnn-bench run --plugin examples/ctypes_ternary.py --shapes 196x256x2304 --kernel 'example.*,ternary-fatnn'
"""

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_name("ctypes_ternary.c")


def _compile():
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise RuntimeError("there is no C compiler on the PATH; install gcc or clang")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "ternary.so"
        subprocess.run([compiler, "-O3", "-march=native", "-shared", "-fPIC", SOURCE, "-o", library], check=True)
        return ctypes.CDLL(str(library)).gemm  # it stays loaded when its file is gone


_GEMM = _compile()
_GEMM.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_long] * 5
_GEMM.restype = None


def _packed(values):
    """Pack ternary values [R, K] into words [R, words, 2], planes negative and zero; padding counts as zeros."""
    words = -(-values.shape[1] // 64)
    padded = np.zeros((len(values), words * 64), np.int8)
    padded[:, : values.shape[1]] = values
    planes = [np.packbits(plane, axis=1, bitorder="little").view("<u8") for plane in (padded < 0, padded == 0)]
    return np.ascontiguousarray(np.stack(planes, axis=-1))


class CtypesTernary:
    """The C function ``gemm``."""

    name = "example.ternary"
    domain = "ternary"
    scope = "kernel"

    def skip_reason(self, layer):
        return layer.skip_reason

    def prepare(self, operands, threads):
        return _Ready(operands.x, operands.y)


class _Ready:
    def __init__(self, x, y):
        self._x, self._y = _packed(x), _packed(y)
        self._sums = np.empty((len(x), len(y)), np.int32)
        words = self._x.shape[1]
        # a padded position is zero on both sides: its two popcounts add 0 + 1, so the sum starts from all bits
        self._sizes = len(x), len(y), words, 64 * words

    def run(self, loops):
        _GEMM(self._x.ctypes.data, self._y.ctypes.data, self._sums.ctypes.data, *self._sizes, loops)

    def result(self):
        return self._sums


KERNELS = [CtypesTernary()]
