"""The clock of a GPU: events in the stream, around launches that were recorded beforehand.

A launch takes Python longer than a small kernel takes the GPU. So calls are recorded into a graph once, some at a time,
and only the graph is launched while the clock runs, as one who serves a network would do it.
"""

from collections.abc import Callable
from typing import Any

from numba import config, cuda


def simulated() -> bool:
    """Whether this is Numba's CUDA simulator, whose times mean nothing."""
    return bool(config.ENABLE_CUDASIM)


#: Calls in a graph.
RECORDED = 16

#: Appends one call to a stream.
Enqueue = Callable[[Any], None]


class Clock:
    """Runs and times what is enqueued in a stream of its own.

    Parameters
    ----------
    enqueue
        Appends one call to a stream. It must neither wait nor take memory, except at its first call.
    """

    def __init__(self, enqueue: Enqueue) -> None:
        self._enqueue, self._stream, self._graph = enqueue, cuda.stream(), None
        self._begin, self._end = cuda.event(), cuda.event()

    def run(self, loops: int) -> float | None:
        """Call it ``loops`` times and wait; seconds by the GPU's clock, None in the simulator, which has none."""
        if loops >= RECORDED and self._graph is None and not simulated():
            self._graph = _recorded(self._enqueue, self._stream)
        graphs, calls = (0, loops) if self._graph is None else divmod(loops, RECORDED)
        self._begin.record(self._stream)
        for _ in range(graphs):
            _check(_driver().cuGraphLaunch(self._graph, _handle(self._stream)))
        for _ in range(calls):
            self._enqueue(self._stream)
        self._end.record(self._stream)
        self._end.synchronize()
        return None if simulated() else float(self._begin.elapsed_time(self._end)) * 1e-3


def _recorded(enqueue: Enqueue, stream: Any) -> Any:
    """A graph of :data:`RECORDED` calls, ready for launch. It lives as long as the process."""
    driver = _driver()
    enqueue(stream)  # what is done at a first call cannot be recorded
    stream.synchronize()
    _check(driver.cuStreamBeginCapture(_handle(stream), driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL))
    try:
        for _ in range(RECORDED):
            enqueue(stream)
    finally:
        graph = _check(driver.cuStreamEndCapture(_handle(stream)))
    return _check(driver.cuGraphInstantiate(graph, 0))


def _driver() -> Any:
    from cuda.bindings import driver

    return driver


def _handle(stream: Any) -> Any:
    return _driver().CUstream(int(stream))


def _check(answer: tuple[Any, ...]) -> Any:
    """The value of a call of the driver. Raises RuntimeError with the driver's word for what went wrong."""
    code, *values = answer
    if int(code) != 0:
        raise RuntimeError(f"the CUDA driver answered {code.name}")
    return values[0] if values else None
