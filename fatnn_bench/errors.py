"""The errors a person can mend, each with the exit code the command line answers with.

The message is the whole of what the person sees: what was found, where, what was expected, what to do now.
"""

import re
from enum import IntEnum

__all__ = ["CONTROL", "Exit", "NothingComparableError", "UserError", "WritingStoppedError", "escaped", "legible"]

#: The longest line of a message, characters: a file's fields may be as long as the file.
_MOST_CHARACTERS = 500
#: The most lines of a message.
_MOST_LINES = 12
#: What a terminal obeys instead of showing, or shows in another place: C0 but the line's end, C1, marks of direction.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Exit(IntEnum):
    """Exit codes of ``fatnn-bench``; scripts may rely on them."""

    FINE = 0
    ERROR = 1
    USAGE = 2
    REGRESSION = 3
    WRONG_RESULT = 4
    NOTHING = 5
    TOO_NOISY = 6
    INTERRUPTED = 130


def legible(text: str, most: int = _MOST_CHARACTERS) -> str:
    r"""Return text with control characters escaped, and each line cut in its middle to ``most`` characters.

    >>> legible("an escape \x1b[2J and a bell \a")
    'an escape \\x1b[2J and a bell \\x07'
    """
    lines = [_cut(CONTROL.sub(escaped, line), most) for line in text.split("\n", _MOST_LINES)]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = ["… and more"]
    return "\n".join(lines)


def escaped(found: re.Match[str]) -> str:
    """Return what :data:`CONTROL` found as Python writes it."""
    return found[0].encode("unicode_escape").decode()


def _cut(line: str, most: int) -> str:
    if len(line) <= most:
        return line
    end = most // 3  # what to do now stands at a sentence's end
    return f"{line[: most - end - 1]}…{line[-end:]}"


class UserError(Exception):
    """Bad input: printed as one sentence, without a traceback; :func:`legible`, whatever it quotes."""

    exit_code = Exit.USAGE

    def __init__(self, sentence: str) -> None:
        super().__init__(legible(sentence))


class NothingComparableError(UserError):
    """Nothing ran, or nothing was comparable."""

    exit_code = Exit.NOTHING


class WritingStoppedError(UserError):
    """The disk was full, or gone, half-way: what was written before is safe."""

    exit_code = Exit.ERROR
