"""Starting a worker on a platform, and listening to it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import suppress
from typing import Any

from fatnn_bench.platforms import Platform
from fatnn_bench.worker import Request


class WorkerDiedError(Exception):
    """The worker ended before it was done; the message says how."""


def events(platform: Platform, request: Request) -> Generator[dict[str, Any]]:
    """Start a worker, hand it the request and yield what it says (:mod:`fatnn_bench.worker`).

    Closing the iterator ends the worker. It has a process group of its own, so that Ctrl-C reaches only the one who
    listens.

    Raises
    ------
    WorkerDiedError
        The worker ended without saying that it was done.
    """
    with tempfile.TemporaryFile() as stderr:
        worker = subprocess.Popen(
            [sys.executable, "-m", "fatnn_bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(platform, os.environ),
            start_new_session=True,
            text=True,
        )
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            with suppress(BrokenPipeError):
                worker.stdin.write(json.dumps(request.to_json()) + "\n")
                worker.stdin.flush()
            for line in worker.stdout:
                event = json.loads(line)
                yield event
                if event["event"] == "done":
                    return
            worker.wait()
            stderr.seek(0)
            raise WorkerDiedError(_obituary(worker.returncode, stderr.read().decode(errors="replace")))
        finally:
            worker.kill()
            worker.wait()
            worker.stdout.close()
            with suppress(BrokenPipeError):
                worker.stdin.close()


def environment(platform: Platform, inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of a platform's worker: what libraries read once, when they are loaded.

    Threads are bound to cores and spin while they wait: unbound, two of them can land on one core for a whole sample.
    """
    threads = str(platform.thread_count)
    chosen = {
        "NUMBA_NUM_THREADS": threads,
        "NUMBA_THREADING_LAYER_PRIORITY": "omp tbb workqueue",
        "OMP_NUM_THREADS": threads,
        "OMP_PROC_BIND": "true",
        "OMP_WAIT_POLICY": "active",
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
    }
    if platform.numba_cpu is not None:
        chosen["NUMBA_CPU_NAME"] = platform.numba_cpu
        chosen["NUMBA_CPU_FEATURES"] = platform.numba_features or ""
    return dict(inherited) | chosen


def _obituary(code: int, stderr: str) -> str:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
    last = stderr.strip().splitlines()[-1:]
    return f"the worker {how}" + (f": {last[0]}" if last else "")
