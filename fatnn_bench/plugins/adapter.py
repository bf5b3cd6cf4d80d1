"""A kernel from elsewhere as a contender: it gets copies of the operands, and its promises are checked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.problems import Problem
from fatnn_bench.contenders.protocol import Contender, Prepared
from fatnn_bench.errors import UserError
from fatnn_bench.plugins.loading import load
from fatnn_bench.plugins.protocol import DOMAINS, Kernel, Operands, Ready
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.product import FLOAT32_VALUES

__all__ = ["PluginContender", "contenders"]


def contenders(plugins: Sequence[str], scope: str, wanted: Sequence[str]) -> dict[str, Contender]:
    """Return the kernels of plugins in a scope, by name.

    Parameters
    ----------
    wanted
        Kernels that are expected of them. Where one is missing because its plugin cannot be loaded, there is a
        contender of its name that raises the reason.
    """
    found: dict[str, Contender] = {}
    troubles: list[str] = []
    for plugin in plugins:
        try:
            kernels = load(plugin)
        except UserError as error:
            troubles.append(str(error))
            continue
        found |= {kernel.name: PluginContender(kernel) for kernel in kernels if kernel.scope == scope}
    if troubles:
        found |= {name: _Missing(name, "; ".join(troubles)) for name in wanted if name not in found}
    return found


class PluginContender:
    """A kernel from elsewhere."""

    def __init__(self, kernel: Kernel) -> None:
        self.name = kernel.name
        self.precision = kernel.domain
        self.way: str | None = None
        self.x_domain, self.y_domain = DOMAINS[kernel.domain]
        self._kernel = kernel

    def skip_reason(self, layer: Layer) -> str:
        return self._kernel.skip_reason(layer)

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        operands = Operands(problem.layer, problem.x.copy(), problem.y.copy())
        return _PreparedPlugin(self._kernel.prepare(operands, threads), problem)


class _PreparedPlugin:
    tolerance = limit = None
    stages: Mapping[str, Callable[[int], None]] = {}

    def __init__(self, ready: Ready, problem: Problem) -> None:
        self._ready = ready
        self.bytes = problem.x.nbytes + problem.y.nbytes + problem.right.size * 4
        self.codegen: dict[str, Any] = {"plugin": type(ready).__module__}

    def run(self, loops: int) -> None:
        self._ready.run(loops)

    def result(self) -> NDArray[Any]:
        return np.asarray(self._ready.result())

    def spoil(self) -> None:
        result = self.result()
        result.fill(-1)
        if not np.array_equal(self.result(), result):
            raise ValueError("result() returns a copy; return the array that run() writes to")


class _Missing:
    """Stands for a kernel whose plugin cannot be loaded."""

    precision = "float32"
    way: str | None = None
    x_domain = y_domain = FLOAT32_VALUES

    def __init__(self, name: str, reason: str) -> None:
        self.name, self._reason = name, reason

    def skip_reason(self, layer: Layer) -> str:
        raise UserError(self._reason)

    def prepare(self, problem: Problem, threads: int) -> Prepared:
        raise UserError(self._reason)
