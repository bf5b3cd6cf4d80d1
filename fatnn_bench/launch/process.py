"""A process that is handed one request on its stdin and says events on its stdout, a JSON line each."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from typing import IO

from fatnn_bench.errors import UserError, legible
from fatnn_bench.harness.events import LONGEST, Done, Event, WorkerDiedError, heard
from fatnn_bench.harness.worker import Request
from fatnn_bench.processes.children import FOLDER

#: As much of a process's stderr as is read for its last line, bytes.
_LAST_WORDS = 2**16


def listen(
    command: Sequence[str], environment: Mapping[str, str], request: Request, who: str = "the worker"
) -> Generator[Event]:
    """Start a process, hand it the request and yield what it says (:mod:`fatnn_bench.harness.events`).

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
    UserError
        It cannot be started.
    WorkerDiedError
        The process ended without saying that it was done, or said something that is no event.
    """
    with _temporary() as stderr:
        try:
            worker = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment,
                cwd=FOLDER,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # too long an argument, or a NUL in it
            raise UserError(f"cannot start {command[0]} for {who}: {error}; correct the platform's entry") from error
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            with suppress(BrokenPipeError):
                worker.stdin.write(json.dumps(request.to_json()).encode() + b"\n")
                worker.stdin.flush()
            while line := worker.stdout.readline(LONGEST):
                event = heard(line, who)
                yield event
                if isinstance(event, Done):
                    return
            worker.wait()
            stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - _LAST_WORDS))
            raise WorkerDiedError(_obituary(who, worker.returncode, stderr.read().decode(errors="replace")))
        finally:
            worker.kill()
            worker.wait()
            worker.stdout.close()
            with suppress(BrokenPipeError):
                worker.stdin.close()


def _temporary() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError as error:  # none of the folders for such files can be written to
        raise UserError(f"{error.strerror}, for what a worker says last; name one with TMPDIR") from error


def _obituary(who: str, code: int, stderr: str) -> str:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
    last = stderr.strip().splitlines()[-1:]
    return f"{who} {how}" + (f": {legible(last[0])}" if last else "")
