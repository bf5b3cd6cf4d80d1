"""A file of JSON lines that one process appends to: each line is on the disk before the next one is made.

The file is locked while it is open, so that no second process writes to it. Whether it is still there, and as it was
left, is asked before every line.
"""

import fcntl
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fatnn_bench.errors import UserError, WritingStoppedError
from fatnn_bench.files import gate, wholefile

__all__ = ["Journal"]


class Journal:
    """A file open for appending, as a context manager.

    Parameters
    ----------
    path
        The file. Folders on the way to it are made. One that exists must be empty: results are not overwritten. A
        device or a pipe is written to.
    go_on
        Write behind what the file holds. A torn last line is cut off.

    Raises
    ------
    UserError
        On entering, if the file cannot be written, or another process writes to it; on the other methods and on
        leaving, if the disk is full, or the file is not what was written any more. It is a WritingStoppedError once
        there is something to ``keep``.
    """

    def __init__(self, path: Path, go_on: bool = False) -> None:
        self.path = path
        self.keep = go_on  #: whether the file holds what is worth keeping; it is removed in the end if this made it
        self._go_on = go_on
        self._folders: list[Path] = []  # that were made on the way, the deepest last

    def __enter__(self) -> Self:
        try:
            self._make_folders()
            self._file, self._made = _locked(self.path, self._go_on)
        except OSError as error:
            self._remove_folders()
            raise UserError(
                f"cannot write the results to {self.path}: {error.strerror}; name a file that can be written with -o"
            ) from error
        self._is_file = wholefile.is_file(os.fstat(self._file))
        try:
            if self._go_on:
                self._cut_torn_line()
            elif os.fstat(self._file).st_size:
                raise UserError(
                    f"{self.path} exists and results are never overwritten; choose another name with -o, delete it "
                    "first, or go on with it with --resume"
                )
        except BaseException:
            os.close(self._file)
            raise
        self._size = os.fstat(self._file).st_size
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._refuse_changed()
            if self._is_file and not self.keep:
                self._leave_nothing()
        finally:
            os.close(self._file)  # and the lock is off

    def append(self, record: dict[str, Any]) -> None:
        """Append a line and see it onto the disk. A NaN or an infinity raises ValueError, and nothing is written."""
        line = memoryview(_encoded(record))
        self._refuse_changed()
        self._refuse_beyond(self._size + len(line))
        try:
            while line:
                line = line[os.write(self._file, line) :]
            if self._is_file:  # a pipe or /dev/stdout cannot be synchronised
                os.fsync(self._file)
        except OSError as error:
            if self._is_file:
                with suppress(OSError):
                    os.ftruncate(self._file, self._size)  # so that the file ends with a whole line
            raise self._stopped(error) from error
        self._size = os.fstat(self._file).st_size

    def fill(self, records: Iterable[dict[str, Any]]) -> None:
        """Write all lines at once, into a file that holds none yet: it holds all of them in the end, or none."""
        content = b"".join(map(_encoded, records))
        self._refuse_beyond(len(content))
        self._refuse_changed()
        wholefile.write(self.path, content)
        self.keep, self._is_file = True, False  # another file has its name now

    def _make_folders(self) -> None:
        missing = [folder for folder in self.path.parents if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            self._folders.append(folder)

    def _remove_folders(self) -> None:
        with suppress(OSError):  # others have put something there
            while self._folders:
                self._folders.pop().rmdir()

    def _cut_torn_line(self) -> None:
        content = os.pread(self._file, os.fstat(self._file).st_size, 0)
        whole = content.rfind(b"\n") + 1
        try:
            json.loads(content[whole:] or b"0")
        except ValueError:
            os.ftruncate(self._file, whole)
        else:
            if content[whole:]:
                os.write(self._file, b"\n")

    def _leave_nothing(self) -> None:
        """Remove the file and its folders, if this made them; otherwise leave it as empty as it was."""
        if self._made and _is_at(self._file, self.path):
            self.path.unlink()
            self._remove_folders()
        else:
            os.ftruncate(self._file, 0)

    def _refuse_beyond(self, size: int) -> None:
        """Raise UserError for a file that would not be read again."""
        if self._is_file and size > gate.MOST_BYTES_OF_LINES:
            kind = WritingStoppedError if self.keep else UserError
            raise kind(
                f"{self.path} would be larger than {gate.MOST_BYTES_OF_LINES >> 20} MiB, the most that is read of "
                "results; put the other rows into another file with -o"
            )

    def _refuse_changed(self) -> None:
        if self._is_file and (what := self._change()):
            raise WritingStoppedError(
                f"{self.path} was {what} while results were written to it, so that it does not hold them all; "
                "begin again, into another file with -o"
            )

    def _change(self) -> str:
        """What others did to the file since the last line; nothing if they left it alone."""
        status = os.fstat(self._file)
        if not _is_at(self._file, self.path):
            return "moved or replaced" if status.st_nlink else "deleted"
        if status.st_size == self._size:
            return ""
        return "cut short" if status.st_size < self._size else "written to by others"

    def _stopped(self, error: OSError) -> UserError:
        if not self.keep:
            return UserError(f"cannot write to {self.path}: {error.strerror}; make room, or name another file with -o")
        return WritingStoppedError(
            f"cannot write to {self.path} any more: {error.strerror}; the rows that were written before are safe. "
            "Make room, then go on with --resume"
        )


def _encoded(record: dict[str, Any]) -> bytes:
    return json.dumps(record, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _locked(path: Path, go_on: bool) -> tuple[int, bool]:
    """Open a file, lock it where it is one, and tell whether this made it. Raises OSError and UserError."""
    while True:
        file, made = _opened(path, go_on)
        try:
            if not wholefile.is_file(os.fstat(file)):
                return file, made
            _lock(file, path)
            if _is_at(file, path):
                return file, made
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # whoever held it has removed it meanwhile


def _opened(path: Path, go_on: bool) -> tuple[int, bool]:
    flags = os.O_RDWR | os.O_APPEND
    if not go_on:
        with suppress(FileExistsError):
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666), True
        flags |= os.O_CREAT  # a symbolic link may lead to what is not there yet
    if path.is_fifo():  # of which this is not to be the reader, who is waited for
        flags = os.O_WRONLY
    file = os.open(path, flags, 0o666)
    if wholefile.is_stdout(os.fstat(file)):
        os.dup2(1, file, inheritable=False)  # which knows where the others who print there are
    return file, False


def _lock(file: int, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UserError(f"another process writes to {path}; wait for it, or choose another file with -o") from error
    except OSError:  # a file system without locks
        pass


def _is_at(file: int, path: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(file), path.stat())
    return False
