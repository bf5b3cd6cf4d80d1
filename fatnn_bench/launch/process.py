"""A process that is handed one request on its stdin and says events on its stdout, a JSON line each."""

import json
import signal
import subprocess
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from fatnn_bench.children import FOLDER
from fatnn_bench.harness.worker import Request


class WorkerDiedError(Exception):
    """The worker ended before it was done; the message says how."""


def listen(
    command: Sequence[str], environment: Mapping[str, str], request: Request, who: str = "the worker"
) -> Generator[dict[str, Any]]:
    """Start a process, hand it the request and yield what it says (:mod:`fatnn_bench.harness.worker`).

    Closing the iterator ends the process. It has a process group of its own, so that Ctrl-C reaches only the one who
    listens.

    Parameters
    ----------
    command
        The program and its arguments; no shell reads them.
    environment
        All of the process's environment.
    who
        What the process is called when it dies.

    Raises
    ------
    WorkerDiedError
        The process ended without saying that it was done, or said something that is no event.
    """
    with tempfile.TemporaryFile() as stderr:
        worker = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            cwd=FOLDER,
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
                event = _event(line, who)
                yield event
                if event["event"] == "done":
                    return
            worker.wait()
            stderr.seek(0)
            raise WorkerDiedError(_obituary(who, worker.returncode, stderr.read().decode(errors="replace")))
        finally:
            worker.kill()
            worker.wait()
            worker.stdout.close()
            with suppress(BrokenPipeError):
                worker.stdin.close()


def _event(line: str, who: str) -> dict[str, Any]:
    """The event of a line. One cut short, as by a lost connection, or a login shell's greeting, is none."""
    with suppress(ValueError):
        event = json.loads(line)
        if isinstance(event, dict) and "event" in event:
            return event
    raise WorkerDiedError(f"{who} said {line.strip()[:80]!r}, which is no event: was it cut off, or did a shell speak?")


def _obituary(who: str, code: int, stderr: str) -> str:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
    last = stderr.strip().splitlines()[-1:]
    return f"{who} {how}" + (f": {last[0]}" if last else "")
