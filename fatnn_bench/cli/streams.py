"""Standard streams as a shell may leave them: closed, or read by one who leaves early, as ``head`` does."""

import io
import os
import re
import sys
from typing import Any

__all__ = ["prepare"]

#: What COLUMNS may say of a terminal, 20 to 999: of none, help is empty, and of millions it takes minutes to lay out.
_COLUMNS = r"[2-9][0-9]|[1-9][0-9]{2}"


class _Stdout(io.FileIO):
    """Goes on into nothing when its reader has left: the work is done all the same, and its exit code is told."""

    ends_with: type[OSError] = BrokenPipeError

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except self.ends_with:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return len(data)


class _Stderr(_Stdout):
    """Whenever it cannot be written to: there is nowhere left to say so, and the work is done."""

    ends_with = OSError


def prepare() -> None:
    """Open what is closed, lest a results file become stdout, and outlive the readers of stdout and stderr.

    What a terminal of ASCII alone cannot show, × and ±, is written as a question mark. A width that no terminal has is
    forgotten.
    """
    if not re.fullmatch(_COLUMNS, os.environ.get("COLUMNS", "80")):
        del os.environ["COLUMNS"]
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free
    if sys.stdout is None or sys.stdout is sys.__stdout__:
        raw = _Stdout(1, "w", closefd=False)
        sys.stdout = _text(raw, by_line=raw.isatty())
    if sys.stderr is None or sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Stderr(2, "w", closefd=False), by_line=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _text(raw: io.FileIO, *, by_line: bool) -> io.TextIOWrapper:
    encoding = sys.__stdout__.encoding if sys.__stdout__ is not None else "utf-8"
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, line_buffering=by_line)
