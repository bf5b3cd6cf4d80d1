"""An onnxruntime session whose threads neither share a core nor keep one from others when they are idle."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fatnn_bench.machine import affinity

_NONE: Mapping[str, str] = MappingProxyType({})


class BoundSession:
    """A session of a serialised model of one input and one output, both of which stay where they are in memory.

    Parameters
    ----------
    model, threads, entries
        The model, the threads that compute it, and entries of the session's configuration beside our own.
    x
        The input, contiguous.
    shape, dtype
        Of the output.
    """

    def __init__(
        self,
        model: bytes,
        threads: int,
        x: NDArray[Any],
        shape: tuple[int, ...],
        dtype: DTypeLike,
        entries: Mapping[str, str] = _NONE,
    ) -> None:
        import onnxruntime

        self._session = _session(model, threads, entries)
        (source,), (result,) = self._session.get_inputs(), self._session.get_outputs()
        self._value = onnxruntime.OrtValue.ortvalue_from_numpy(np.empty(shape, dtype))
        self._binding = self._session.io_binding()
        self._binding.bind_cpu_input(source.name, x)
        self._binding.bind_ortvalue_output(result.name, self._value)
        self._x, self._dtype = x, dtype
        self.library = f"onnxruntime {onnxruntime.__version__}"  #: with its version

    def run(self, loops: int) -> None:
        """Compute the output so many times."""
        for _ in range(loops):
            self._session.run_with_iobinding(self._binding)

    def result(self) -> NDArray[Any]:
        """The output."""
        return np.asarray(self._value.numpy())

    def spoil(self) -> None:
        """Overwrite the output."""
        self._value.update_inplace(np.zeros(self._value.shape(), self._dtype))


def _session(model: bytes, threads: int, entries: Mapping[str, str]) -> Any:
    """Return a session of a serialised model on the CPU, with entries of its configuration beside those set here.

    The thread that asks works too, so a session has ``threads − 1`` of its own. They would inherit the one core that
    OpenMP binds this thread to, and would spin for 50 ms after each run, in which other kernels are timed.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    cores = affinity.other_cores()[: threads - 1]
    if threads > 1 and len(cores) == threads - 1:
        cores_from_one = ";".join(str(core + 1) for core in cores)
        options.add_session_config_entry("session.intra_op_thread_affinities", cores_from_one)
    for key, value in {"session.force_spinning_stop": "1", **entries}.items():
        options.add_session_config_entry(key, value)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
