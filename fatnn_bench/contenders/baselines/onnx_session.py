"""An onnxruntime session whose threads neither share a core nor keep one from others when they are idle."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fatnn_bench.machine import affinity


def session(model: bytes, threads: int, entries: Mapping[str, str] = MappingProxyType({})) -> Any:
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
