"""A linear layer in one of ggml's formats: a graph of one ``mul_mat``, which rounds activations and multiplies.

The weights are rounded by ggml's own function, before the clock runs. It gets an importance of 1 for each: without one,
q4_0 takes steps of 1/8 from −8 to 7 for weights of {−1, 0, 1}, which hold only one of the two signs.
"""

import ctypes
import weakref
from collections.abc import Callable, Mapping
from ctypes import POINTER, c_float
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.engines import ggml_library, linear, own_threads, rounding
from fatnn_bench.contenders.engines.ggml_library import Context, Library
from fatnn_bench.contenders.problems import Problem
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.aligned import aligned
from fatnn_kernels.product import FLOAT32_VALUES, TERNARY_VALUES

#: ggml's number of its float32.
_FLOAT32 = 0
#: For the heads of three tensors and a graph of the default size, some hundred KiB.
_HEADS_BYTES = 2**20
#: Two scales are float16, that of a block of weights and that of a group of activations: a relative 2⁻¹¹ each.
_FLOAT16_SCALES = 2 * 2.0**-11


@dataclass(frozen=True)
class Format:
    """How ggml stores weights, and what becomes of activations beside them."""

    name: str  #: ggml's own
    number: int  #: ggml's own
    block: int  #: weights that lie together: a row is a multiple of it
    group: int | None  #: activations that share a step of 8 bits; None where they stay float32


class GgmlLinear:
    """``ggml_mul_mat`` of weights in a format, the activations float32, the result too."""

    way: str | None = None
    x_domain = FLOAT32_VALUES

    def __init__(self, name: str, precision: str, library: Library, form: Format) -> None:
        self.name, self.precision = name, precision
        self.y_domain = FLOAT32_VALUES if form.group is None else TERNARY_VALUES
        self._library, self._format = library, form

    def skip_reason(self, layer: Layer) -> str:
        form = self._format
        if layer.k % form.block and layer.kind != "conv":
            return f"K = {layer.k} is no multiple of {form.block}, the weights of a block of {form.name}"
        return linear.obstacle(layer) or ggml_library.obstacle(self._library) or self._unlike()

    def _unlike(self) -> str:
        """How the library's format differs from the one that is meant; empty if it does not."""
        loaded, form = ggml_library.load(self._library), self._format
        found = loaded.ggml_type_name(form.number), loaded.ggml_blck_size(form.number)
        if found == (form.name.encode(), form.block):
            return ""
        called = (found[0] or b"").decode(errors="replace")
        return (
            f"format {form.number} of {ggml_library.described(self._library)} is {called!r} in blocks of {found[1]}, "
            f"expected {form.name!r} in blocks of {form.block}"
        )

    def prepare(self, problem: Problem, threads: int) -> "_Prepared":
        return _Prepared(problem, threads, self._library, self._format)


class _Prepared:
    stages: Mapping[str, Callable[[int], None]] = {}
    limit = None

    def __init__(self, problem: Problem, threads: int, library: Library, form: Format) -> None:
        self._lib = ggml_library.load(library)
        self._graph = _Graph(self._lib, form, problem)
        self._threads, self._ran = threads, False
        with own_threads.apart(threads):
            pool = ggml_library.pool(library, threads)
        self._plan = self._lib.ggml_graph_plan(self._graph.handle, threads, pool)
        self._work = aligned(max(1, self._plan.work_bytes), np.uint8)
        self._plan.work = self._work.ctypes.data
        self.activations = self._graph.x
        self.bytes = self._graph.weight_bytes + self._graph.x.nbytes + self._graph.sums.nbytes
        self.tolerance = _tolerance(problem, form)
        self.codegen: dict[str, Any] = {
            "library": ggml_library.described(library),
            "build": " ".join(ggml_library.built_for(self._lib)),
            "threads": self._plan.threads,
            "tolerance": self.tolerance,
            "activations": "float32" if form.group is None else _told(form.group),
        }

    def run(self, loops: int) -> None:
        if self._ran:
            self._compute(loops)
        else:
            with own_threads.apart(self._threads):  # OpenMP starts its own when they are first wanted
                self._compute(loops)
            self._ran = True

    def _compute(self, loops: int) -> None:
        compute, graph, plan = self._lib.ggml_graph_compute, self._graph.handle, ctypes.byref(self._plan)
        for _ in range(loops):
            if status := compute(graph, plan):
                raise RuntimeError(f"ggml_graph_compute returned {status}")

    def result(self) -> NDArray[Any]:
        return linear.as_image(self._graph.sums)

    def spoil(self) -> None:
        self._graph.sums.fill(-1)


class _Graph:
    """Operands and result of a ``mul_mat``, in memory of ours."""

    def __init__(self, lib: ctypes.CDLL, form: Format, problem: Problem) -> None:
        (m, k), n = linear.activations(problem).shape, problem.layer.n
        self.weight_bytes = int(lib.ggml_row_size(form.number, k)) * n
        self._memory = aligned(self.weight_bytes + 4 * m * (k + n) + _HEADS_BYTES, np.uint8)
        context = lib.ggml_init(Context(self._memory.nbytes, self._memory.ctypes.data, False))
        weakref.finalize(self, lib.ggml_free, context)
        weights, x = (
            lib.ggml_new_tensor_2d(context, kind, k, rows) for kind, rows in ((form.number, n), (_FLOAT32, m))
        )
        sums = lib.ggml_mul_mat(context, weights, x)
        self.handle = lib.ggml_new_graph(context)
        lib.ggml_build_forward_expand(self.handle, sums)
        self.x, self.sums = (self._view(lib.ggml_get_data(one), shape) for one, shape in ((x, (m, k)), (sums, (m, n))))
        self.x[:] = linear.activations(problem)
        values, ones = np.ascontiguousarray(linear.weights(problem), np.float32), np.ones(k, np.float32)
        lib.ggml_quantize_chunk(form.number, _floats(values), lib.ggml_get_data(weights), 0, n, k, _floats(ones))

    def _view(self, address: int, shape: tuple[int, int]) -> NDArray[np.float32]:
        first = address - self._memory.ctypes.data
        return self._memory[first : first + 4 * shape[0] * shape[1]].view(np.float32).reshape(shape)


def _floats(values: NDArray[np.float32]) -> Any:
    return values.ctypes.data_as(POINTER(c_float))


def _tolerance(problem: Problem, form: Format) -> float | None:
    if form.group is None:
        return None
    scales = _FLOAT16_SCALES * float(np.abs(problem.right).max())
    return rounding.of_int8(linear.activations(problem), form.group) + scales


def _told(group: int) -> str:
    return f"int8, a step a {'row' if group == rounding.ROW else f'group of {group}'}"
