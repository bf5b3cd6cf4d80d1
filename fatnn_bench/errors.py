"""The errors a person can mend, each with the exit code the command line answers with.

The message is the whole of what the person sees: what was found, where, what was expected, what to do now.
"""

from enum import IntEnum


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


class UserError(Exception):
    """Bad input: printed as one sentence, without a traceback."""

    exit_code = Exit.USAGE


class NothingComparableError(UserError):
    """Nothing ran, or nothing was comparable."""

    exit_code = Exit.NOTHING


class WritingStoppedError(UserError):
    """The disk was full, or gone, half-way: what was written before is safe."""

    exit_code = Exit.ERROR
