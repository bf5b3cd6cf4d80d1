"""Whether a kernel computes what it should, without a clock: for the tests of a plugin."""

from collections.abc import Sequence

from fatnn_bench.contenders.problems import Problems
from fatnn_bench.plugins.adapter import PluginContender
from fatnn_bench.plugins.protocol import Kernel
from fatnn_bench.workload import data, oracle
from fatnn_bench.workload.layers import Layer, bare_gemm

__all__ = ["complaints"]

#: Sizes that are no multiple of anything, one row, one column, and a K of more than a word.
_GEMMS = (bare_gemm(7, 5, 33), bare_gemm(1, 9, 64), bare_gemm(6, 1, 100))
_LAYERS = (
    Layer(name="3x3", kind="conv", in_channels=16, out_channels=5, height=6, width=5, kernel=3, padding=1),
    Layer(name="strided", kind="conv", in_channels=9, out_channels=4, height=7, width=7, kernel=3, stride=2, padding=1),
    Layer(name="linear", kind="linear", in_channels=40, out_channels=3, batch=2),
)


def complaints(kernel: Kernel, layers: Sequence[Layer] = (), threads: int = 1) -> list[str]:
    """Return what is wrong with a kernel's results on random, extreme and alternating data; nothing if all is right.

    Parameters
    ----------
    kernel
        What it raises is raised.
    layers
        To try it on; small awkward ones by default. Those that it skips are left out.
    """
    contender = PluginContender(kernel)
    found = []
    for layer in layers or (_GEMMS if kernel.scope == "kernel" else _LAYERS):
        if contender.skip_reason(layer):
            continue
        for pattern in data.PATTERNS:
            problem = Problems(layer, kernel.scope, 0, pattern).of(contender.x_domain, contender.y_domain)
            prepared = contender.prepare(problem, threads)
            prepared.run(1)
            prepared.spoil()
            prepared.run(2)
            if wrong := oracle.complaint(prepared.result(), problem.right, layer.k, prepared.tolerance):
                found.append(f"{layer.name}, {pattern} data: {wrong}")
    return found
