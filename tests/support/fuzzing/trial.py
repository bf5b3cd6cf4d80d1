"""One mutant in a process of its own, and whether what came of it is a success or one sentence."""

import contextlib
import faulthandler
import io
import os
import re
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fatnn_bench.cli.main import main
from fatnn_bench.errors import UserError

#: Of processor time, and of memory beside what the process begins with.
SECONDS, BYTES = 5, 2**30
#: Of addresses: libraries reserve more than they touch.
_RESERVED_BYTES = 4 * BYTES
#: Of time by the clock: enough for a busy machine, too little for a read that never ends.
_PATIENCE_S = 300
_LONGEST_MESSAGE = 4096
#: Exit codes of commands that did their work, and whose output may stay.
_ANSWERED = (0, 3, 4, 5, 6)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
#: Options whose value is a file that a command makes.
_OUTPUT = ("-o", "--output")

Action = Callable[[], None] | Sequence[str]


def fault(folder: Path, action: Action, taken: bool = False) -> str | None:
    """What is wrong with how an action takes the files of a folder; None if nothing is.

    Parameters
    ----------
    folder
        Where the action is carried out, in a process forked from this one.
    action
        The arguments of ``fatnn-bench``, or a function, which may raise UserError.
    taken
        The files are right: to refuse them is wrong.
    """
    found = folder / "fault.txt"
    with found.open("w", errors="replace") as report:
        status = _forked(report, lambda: report.write(_what_is_wrong(folder, action, taken)) > 0)
    text = found.read_text(errors="replace")
    found.unlink()
    if status is None or status < 0:
        return f"ended by {signal.Signals(-status).name if status else 'the clock'}\n{text}"
    return text or None


def are_well(tries: Iterable[tuple[Path, Action]]) -> bool:
    """Return whether nothing is wrong with how actions take their folders, all in one process: forks take the longest.

    What is wrong tells :func:`fault`, of each alone, with its files as they were.
    """
    with open(os.devnull, "w", encoding="utf-8") as report:
        return _forked(report, lambda: any(_what_is_wrong(folder, action, False) for folder, action in tries)) == 0


def warm_up(folder: Path, action: Action) -> None:
    """Carry an action out in this process, so that those forked from it find imported what it imports."""
    with contextlib.chdir(folder):
        if callable(action):
            action()
        else:
            _invoke(action)


def _forked(report: io.TextIOBase, is_wrong: Callable[[], bool]) -> int | None:
    """Ask a forked, restricted process; returns how it ended: 0, 1 if it is wrong, or as :func:`_end_of`."""
    child = os.fork()
    if child:
        return _end_of(child)
    wrong = True
    try:
        _restrict(report)
        wrong = is_wrong()
    except BaseException:
        report.write(traceback.format_exc())
    finally:
        report.flush()
        os._exit(wrong)


def _restrict(report: io.TextIOBase) -> None:
    """Limits that end this process, or tell where it hangs, whatever it is at."""
    faulthandler.enable(report)
    faulthandler.register(signal.SIGPROF, report, chain=True)
    most = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + _RESERVED_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error")


def _what_is_wrong(folder: Path, action: Action, taken: bool) -> str:
    os.chdir(folder)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    before = _most_memory()
    wrong = _of_function(action, taken) if callable(action) else _of_command(action, taken)
    grown = _most_memory() - before
    return wrong + (f"it took {grown >> 20} MiB\n" if grown > BYTES else "")


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _end_of(child: int) -> int | None:
    """Wait for a process: its exit code, minus the signal that ended it, or None if it was this one's patience."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _of_function(action: Callable[[], None], taken: bool) -> str:
    try:
        action()
    except UserError as error:
        return f"refused: {error}" if taken else _of_message(str(error))
    except BaseException:
        return traceback.format_exc()
    return ""


def _of_command(arguments: Sequence[str], taken: bool) -> str:
    before = {path.name for path in Path().iterdir()}
    code, out, err, raised = _invoke(arguments)
    said = f"{out}\n{err}"
    if raised:
        return raised
    if code not in _ANSWERED and taken:
        return f"refused: {said}"
    if code not in (*_ANSWERED, 1, 2):
        return f"exit code {code}\n{said}"
    if code in (1, 2) and "fatnn-bench: " not in said and "Usage: " not in said:
        return f"exit code {code} without a sentence\n{said}"
    made = {arguments[i + 1] for i, argument in enumerate(arguments[:-1]) if argument in _OUTPUT}
    if code not in _ANSWERED and (left := {path.name for path in Path().iterdir()} & made - before):
        return f"it failed and left {left}\n{said}"
    missing = [name for name in re.findall(r"^saved (\S+?):?(?:\s|$)", said, re.MULTILINE) if not Path(name).exists()]
    if missing:
        return f"it says that it saved {missing}, which is not there\n{said}"
    if code in (1, 2):
        return _of_message(said)
    return _of_text(err if "csv" in arguments else said)  # which holds names whole where it goes to no terminal


def _invoke(arguments: Sequence[str]) -> tuple[int, str, str, str]:
    """The exit code, what was said on stdout and on stderr, and the traceback if there was one."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace") for _ in range(2)]
    sys.argv = ["fatnn-bench", *arguments]
    code, raised = 0, ""
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            raised = traceback.format_exc()
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue().decode(errors="replace") for stream in streams)
    return code, out, err, raised


def _of_message(message: str) -> str:
    if len(message) > _LONGEST_MESSAGE:
        return f"a message of {len(message)} characters\n{message[:500]}"
    return _of_text(message)


def _of_text(text: str) -> str:
    if "Traceback (most recent call last)" in text:
        return text
    if control := _CONTROL.search(text):
        return f"control character {control.group()!r} in {text[max(0, control.start() - 200) :][:400]!r}"
    return ""
