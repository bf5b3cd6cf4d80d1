"""Why a table has no number, or a doubtful one: one line for all cases of one status and reason.

Where that would be many lines, as where each case was disturbed in another number of rounds, there is a line a reason:
how many cases have it, the first of them, and from where to where its numbers go.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from fatnn_bench.records.run import Status

__all__ = ["DOUBT", "by_case", "by_kernel", "mark"]

#: Marks a number that something makes doubtful, and the line that says what.
DOUBT = "†"
#: Of one status, the lines that are read one by one; and the names in a line, of which others are counted.
MOST_LINES, MOST_NAMES = 5, 12
#: A number, and no part of a name such as float32 or AVX-512.
_NUMBER = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w.])")
#: What the reason of a row of several processes begins with; the reason itself follows.
_PROCESSES = re.compile(r"^in \d+ of \d+ processes: ")


def mark(*statuses: str) -> str:
    """Return the sign for a number that rests on rows of these statuses."""
    return DOUBT if Status.MISTRUSTED in statuses else ""


def by_kernel(faults: Iterable[tuple[str, str, str, str]]) -> Iterator[str]:
    """Yield a line for the kernels that share status, reason and places; faults are (kernel, status, reason, place)."""
    of_status: dict[str, list[tuple[str, str, str]]] = {}
    for kernel, status, reason, place in faults:
        of_status.setdefault(status, []).append((kernel, reason, place))
    for status, found in of_status.items():
        if status != Status.PASSED:
            lines = [f"{_lead(status)} {line}" for line in _of_kernels(found)]
            whole = [(f"{kernel} on {place}", reason) for kernel, reason, place in found]
            yield from lines if len(lines) <= MOST_LINES else _summary(status, whole)


def by_case(faults: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Yield a line for the cases that share status and reason; faults are (case, status, reason)."""
    of_status: dict[str, dict[str, list[str]]] = {}
    for case, status, reason in faults:
        of_status.setdefault(status, {}).setdefault(reason, []).append(case)
    for status, found in of_status.items():
        if status != Status.PASSED:
            whole = [(case, reason) for reason, cases in found.items() for case in cases]
            lines = [
                f"{_lead(status)} {_listed(cases)}{f': {reason}' if reason else ''}" for reason, cases in found.items()
            ]
            yield from lines if len(lines) <= MOST_LINES else _summary(status, whole)


def _of_kernels(faults: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield a line for the kernels that share reason and places; faults are (kernel, reason, place)."""
    where: dict[tuple[str, str], list[str]] = {}
    for kernel, reason, place in faults:
        where.setdefault((kernel, reason), []).append(place)
    kernels: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (kernel, reason), places in where.items():
        kernels.setdefault((reason, tuple(places)), []).append(kernel)
    for (reason, shared), names in kernels.items():
        yield f"{_listed(names)} on {_listed(shared)}: {reason or 'no reason was given'}"


def _summary(status: str, faults: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield a line a reason, whatever its numbers; faults are (case, reason), and a reason may be several."""
    alike: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
    for case, reason in faults:
        for part in _PROCESSES.sub("", reason or "no reason was given").split("; "):
            alike.setdefault(tuple(_NUMBER.split(part)), []).append((case, _NUMBER.findall(part)))
    for words, found in alike.items():
        ranges = [*map(_range, zip(*(numbers for _, numbers in found), strict=True)), ""]
        cases = f"{len(found)} cases, such as {found[0][0]}" if len(found) > 1 else found[0][0]
        reason = "".join(word + between for word, between in zip(words, ranges, strict=True))
        yield f"{_lead(status)} {cases}: {reason}"
    yield f"The reason of each {status} row is in the results file, and in --format csv"


def _range(numbers: Sequence[str]) -> str:
    """``2``, or ``1–3``: the least and the largest, as they are written."""
    least, largest = min(numbers, key=float), max(numbers, key=float)
    return least if float(least) == float(largest) else f"{least}–{largest}"


def _listed(names: Sequence[str]) -> str:
    more = [f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    return ", ".join([*names[:MOST_NAMES], *more])


def _lead(status: str) -> str:
    return f"{mark(status)} {status}".lstrip()
