"""The gate that whatever comes from outside passes: files of every format, and what workers and far ends say.

Nothing is trusted. Only regular files are opened, and only so many bytes read of them; JSON nests only so deep; then a
pydantic model says what each field may hold, in the types below. The first fault is one sentence: where, what was
found, what was expected, what to do. Fields that a model does not name are ignored: a newer minor version wrote them.
"""

import math
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeVar

from pydantic import AfterValidator, FailFast, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError, from_json

from fatnn_bench.errors import UserError, legible

__all__ = [
    "Amount", "Count", "Fraction", "Index", "Label", "Load", "Name", "Plain", "Rate", "Seconds", "Series", "Text",
    "beginning", "brief", "checked_name", "complaint", "content", "is_file", "is_folder", "opened", "parsed",
    "place_of", "plain", "refusal", "text", "validated",
]  # fmt: skip

T = TypeVar("T")

#: The most that is read of a file, where its format has no bound of its own. The longest run shipped has 1 MB.
MOST_BYTES = 64 * 2**20
#: The same of JSON Lines, for who writes them as for who reads them: 250,000 rows of 21 samples.
MOST_BYTES_OF_LINES = 512 * 2**20
#: What a file may grow by while it is read, bytes.
_GROWN = 2**20
#: How deep JSON may nest: what the suite writes has 7 levels.
MOST_DEPTH = 32
#: The most of a found value that a sentence quotes, characters.
_QUOTED = 80


def refusal(sentence: str, *at: str | int) -> PydanticCustomError:
    """Return the error a validator raises to refuse what lies ``at`` a path inside the value it was given."""
    return PydanticCustomError("refused", "{sentence}", {"sentence": sentence, "at": at})


def checked_name(name: str) -> str:
    """Return a name that can stand in a case id, a glob and a file name. Raises ValueError for any other."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise ValueError(
            f"found {brief(name)}, expected a name of letters, digits, '.', '_' and '-', of 100 characters at most"
        )
    return name


def plain(value: Any) -> Any:
    """Return JSON whose meaning is nobody's but a reader's, if its numbers can be counted with."""
    pending: list[tuple[Any, tuple[str | int, ...]]] = [(value, ())]
    while pending:
        found, at = pending.pop()
        if isinstance(found, dict):
            pending += [(part, (*at, key)) for key, part in found.items()]
        elif isinstance(found, list):
            pending += [(part, (*at, i)) for i, part in enumerate(found)]
        elif isinstance(found, float) and not math.isfinite(found):
            raise refusal(f"found {found}, expected a finite number", *at)
        elif isinstance(found, int) and abs(found) >= 2**63:
            raise refusal(f"found {brief(found)}, expected an integer of at most 64 bits", *at)
    return value


#: A name of ours, that can be a part of a file's name.
Name = Annotated[str, Field(strict=True), AfterValidator(checked_name)]
#: Another's name, of a kernel say: any characters.
Label = Annotated[str, Field(strict=True, max_length=1000)]
#: A sentence, a path, a date.
Text = Annotated[str, Field(strict=True, max_length=10_000)]
#: A time. The bounds leave room to divide, square and add times up; a kernel that ignores ``loops`` comes to 1e-14.
Seconds = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=1e-18, le=1e9)]
#: How many of a thing there are, where there are some: a dimension, threads.
Count = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
#: A number of one, counted from 0, or how many there are, where there may be none.
Index = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
#: What may be as large as 64 bits hold: bytes, multiply-accumulates, a seed.
Amount = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]
#: Something a second; a ratio of times.
Rate = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=1e-30, le=1e30)]
#: How much of something there is, where there may be none: the load of a machine, seconds that were lost.
Load = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1e15)]
#: A share of a whole, of 0 to 1.
Fraction = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
#: A mapping of plain JSON.
Plain = Annotated[dict[str, Any], AfterValidator(plain)]
#: A list of no more entries than arithmetic over them can end with.
Series = Annotated[list[T], FailFast(), Field(max_length=10_000)]


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; whatever cannot be a path, or cannot be looked at, is none."""
    return os.path.isdir(path)


def is_file(path: Path) -> bool:
    """Return whether a path is a regular file; whatever cannot be a path, or cannot be looked at, is none."""
    return os.path.isfile(path)


def content(path: Path, instead: str, most_bytes: int = MOST_BYTES) -> bytes:
    """Return what a regular file holds, without the byte order mark that some editors begin it with.

    Parameters
    ----------
    path
        The file. What is none, such as a folder, a pipe or a device, is not opened.
    instead
        What to do if it cannot be read, to end the sentence: ``name a results file``.
    most_bytes
        How large it may be.

    Raises
    ------
    UserError
        It cannot be read, or is larger.
    """
    with opened(path, instead) as file:
        size = os.fstat(file.fileno()).st_size
        large = size > most_bytes
        found = b"" if large else file.read(size + 1)  # the room for it is taken before it is read
        if len(found) > size:  # one that grows, or does not tell its size
            found += file.read(most_bytes + 1 - len(found))
    if large or len(found) > most_bytes:
        raise UserError(f"cannot read {path}: it is larger than {_size(most_bytes)}, the most that is read; {instead}")
    return found.removeprefix(b"\xef\xbb\xbf")


def beginning(path: Path, instead: str, most_bytes: int) -> bytes:
    """Return the first bytes of a regular file, at most so many; otherwise as :func:`content`."""
    with opened(path, instead) as file:
        size = os.fstat(file.fileno()).st_size
        return file.read(min(most_bytes, size + _GROWN))  # the room for it is taken before it is read


@contextmanager
def opened(path: Path, instead: str) -> Iterator[BinaryIO]:
    """Open a regular file, to read a part of it; what goes wrong meanwhile is told as by :func:`content`."""

    def refused(why: str | None) -> UserError:
        return UserError(f"cannot read {path}: {why}; {instead}")

    try:
        if why := _no_file(os.stat(path).st_mode):
            raise refused(f"it is {why}")
        # it may have become another since: a pipe would wait for its writer
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise refused(error.strerror) from error
    except ValueError as error:  # a NUL in its name
        raise refused("no file can have that name") from error
    with open(descriptor, "rb") as file:
        if why := _no_file(os.fstat(descriptor).st_mode):
            raise refused(f"it is {why}")
        try:
            yield file
        except OSError as error:
            raise refused(error.strerror) from error


def text(path: Path, instead: str, most_bytes: int = MOST_BYTES) -> str:
    """Return the UTF-8 text of a regular file, its lines ended by ``\\n``; see :func:`content`."""
    try:
        return content(path, instead, most_bytes).decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text (byte {error.start + 1}); {instead}") from error


def _no_file(mode: int) -> str:
    """Say what something is that is no regular file."""
    if stat.S_ISREG(mode):
        return ""
    return "a folder" if stat.S_ISDIR(mode) else "a pipe" if stat.S_ISFIFO(mode) else "a device or a socket"


def _size(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 2**20 else f"{size >> 10} KiB"


def parsed(json: bytes | str) -> Any:
    """Return the value of a JSON text. Raises ValueError, with the place, if it is none or nests too deep."""
    value = from_json(json)  # which itself stops at a depth of 200
    brackets = ("[", "{") if isinstance(json, str) else (b"[", b"{")
    if sum(map(json.count, brackets)) > MOST_DEPTH and _is_deeper(value, MOST_DEPTH):  # type: ignore[arg-type]
        raise ValueError(f"it nests deeper than {MOST_DEPTH} levels")
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(part, levels - 1) for part in parts if isinstance(part, dict | list))


def validated(document: TypeAdapter[T], value: Any, place: str, instead: str) -> T:
    """Return a value as a model has it.

    Parameters
    ----------
    document
        What it must be.
    value
        What :func:`parsed` returned, say.
    place
        Where it stood: ``run.jsonl, line 2``.
    instead
        What to do if it is not, to end the sentence: ``delete the line, or mend it``.

    Raises
    ------
    UserError
        It does not validate; the first fault is named.
    """
    try:
        return document.validate_python(value)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ", ".join(filter(None, (place, ".".join(map(str, place_of(fault))))))
        raise UserError(f"{where}: {complaint(fault)}; {instead}") from error
    except RecursionError as error:
        raise UserError(f"{place}: it nests too deep; {instead}") from error


def place_of(fault: ErrorDetails) -> tuple[str | int, ...]:
    """Return where in the value a fault lies: field names, and places in lists counted from 0."""
    return (*fault["loc"], *fault.get("ctx", {}).get("at", ()))


def complaint(fault: ErrorDetails) -> str:
    """Say of a fault what was found and what was expected."""
    found = fault["input"]
    match fault["type"]:
        case "missing":
            return "this field is missing"
        case "refused":
            return fault["msg"]
        case "union_tag_not_found":
            return "this field is missing; it says what the entry is"
        case "union_tag_invalid":
            return f"found {brief(fault['ctx']['tag'])}, expected one of {fault['ctx']['expected_tags']}"
        case "too_short":
            return f"expected at least {fault['ctx']['min_length']} entry"
        case "too_long":
            return f"expected at most {fault['ctx']['max_length']} entries"
        case "string_too_long":
            return f"found {brief(found)} of {len(found)} characters, expected at most {fault['ctx']['max_length']}"
        case "value_error":
            return fault["msg"].removeprefix("Value error, ")
        case "model_type" | "dict_type" | "model_attributes_type" | "dataclass_type":
            return f"found {brief(found)}, expected a mapping of fields to values"
    message = fault["msg"]
    return f"found {brief(found)}, {re.sub('^input should be', 'expected', message[:1].lower() + message[1:])}"


def brief(value: object) -> str:
    """Return a found value as a sentence quotes it."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and abs(value) >= 10**_QUOTED:  # longer ones have no decimals at all
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, str) and len(value) > _QUOTED:
        return legible(repr(value[:_QUOTED] + "…"))
    return legible(repr(value), _QUOTED)
