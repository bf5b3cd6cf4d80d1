"""Writing a file whole: under another name in its folder, then renamed, so that it is the old file or the new one.

Only regular files are replaced, but those that hold results of measurements; what a symbolic link leads to is. Devices
and pipes are written to. A process that is killed while it writes leaves the other name, ``.FILE.….part``; whoever
writes the file next removes it.
"""

import errno
import fcntl
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from fatnn_bench.errors import UserError

__all__ = ["is_file", "is_stdout", "refuse_unwritable", "write"]

_ELSEWHERE = "name another file with -o"
#: How the name ends that a file has until it is whole.
_END = ".part"
#: What the first line of a results file says, and the most that is read to find it, bytes.
_HEADER, _LONGEST_HEADER = re.compile(rb'"kind": ?"(accuracy-)?header"'), 2**20
#: Seconds in which a new file may not be locked yet.
_NEW_S = 2.0


def write(path: Path, content: str | bytes, remedy: str = _ELSEWHERE) -> None:
    """Write a file; killed or on a full disk at any time, it is the old one or the new one.

    Parameters
    ----------
    path
        A file that exists keeps its mode and, where the system lets it, its owner.
    content
        Text is written as UTF-8.
    remedy
        What a person can do if it cannot be written.

    Raises
    ------
    UserError
        It cannot be written.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with _told(path, remedy):
        found = _status(path)
        if found and not is_file(found):
            with _opened(path, found) as stream:
                stream.write(data)
            return
        target = _target(path)
        with _beside(target, found) as (name, stream):
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(name, target)
        _synchronise(target.parent)


def refuse_unwritable(path: Path, remedy: str = _ELSEWHERE) -> None:
    """Raise the UserError of :func:`write` before there is anything to write, as far as it can be known then."""
    with _told(path, remedy):
        found = _status(path)
        if found and not is_file(found):
            if stat.S_ISDIR(found.st_mode) or not os.access(path, os.W_OK):
                raise _system_error(errno.EISDIR if stat.S_ISDIR(found.st_mode) else errno.EACCES)
            return
        with _beside(_target(path), found) as (_, stream):
            stream.write(b"\n")  # for which a full disk has no room


@contextmanager
def _told(path: Path, remedy: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the reader has seen enough
        raise
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}; {remedy}") from error


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _target(path: Path) -> Path:
    """Where a path leads, through symbolic links; the last of them may lead to nothing yet."""
    return Path(os.path.realpath(path))


def is_stdout(found: os.stat_result) -> bool:
    """Return whether a file is the one that stdout goes to."""
    if sys.__stdout__ is None:  # it is closed, and its number may be another file's
        return False
    with suppress(OSError):
        return os.path.samestat(found, os.fstat(1))
    return False


def is_file(found: os.stat_result) -> bool:
    """Return whether it is a regular file, and not the one that stdout goes to: others may write to that as well."""
    return stat.S_ISREG(found.st_mode) and not is_stdout(found)


def _opened(path: Path, found: os.stat_result) -> BinaryIO:
    if is_stdout(found):
        sys.stdout.flush()
        return open(os.dup(1), "wb")
    return path.open("wb")


@contextmanager
def _beside(target: Path, old: os.stat_result | None) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file in the folder of another, with its mode and owner; it is gone in the end, unless it was renamed."""
    if old and not os.access(target, os.W_OK):
        raise _system_error(errno.EROFS if os.statvfs(target).f_flag & os.ST_RDONLY else errno.EACCES)
    if old and _holds_results(target):
        raise _system_error(errno.EEXIST, "it holds results, and they are never overwritten")
    _remove_left(target)
    name = target.with_name(f"{_start(target)}{secrets.token_hex(6)}{_END}")
    try:
        with name.open("xb") as stream:
            _lock(stream.fileno())
            if old:
                with suppress(PermissionError):
                    os.fchown(stream.fileno(), old.st_uid, old.st_gid)
                os.fchmod(stream.fileno(), stat.S_IMODE(old.st_mode))
            yield name, stream
    finally:
        name.unlink(missing_ok=True)


def _start(target: Path) -> str:
    """How the other names of a file begin; a name has room for 255 bytes."""
    return f".{os.fsdecode(os.fsencode(target.name)[:200])}."


def _remove_left(target: Path) -> None:
    """Remove what killed processes left of the file: what no process has locked, and is not new."""
    start = _start(target)
    with suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if entry.name.startswith(start) and entry.name.endswith(_END) and entry.is_file(follow_symlinks=False):
                _remove_unlocked(Path(entry.path))


def _remove_unlocked(part: Path) -> None:
    with suppress(OSError), part.open("rb") as stream:
        if time.time() - os.fstat(stream.fileno()).st_mtime > _NEW_S and _lock(stream.fileno()):
            part.unlink()


def _lock(file: int) -> bool:
    """Lock a file until it is closed; False where another process has, or where there are no locks."""
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _synchronise(folder: Path) -> None:
    """See a new name onto the disk, where folders can be synchronised."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _holds_results(target: Path) -> bool:
    """Whether a file begins with the header of measurements, which cannot be made again as the rest of files can."""
    with suppress(OSError), target.open("rb") as stream:
        return _HEADER.search(stream.readline(_LONGEST_HEADER)) is not None
    return False


def _system_error(number: int, what: str = "") -> OSError:
    return OSError(number, what or os.strerror(number))
