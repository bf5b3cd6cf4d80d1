"""Why a table has no number, or a doubtful one: one line for all cases of one status and reason."""

from collections.abc import Iterable, Iterator

from fatnn_bench.records.run import Status

__all__ = ["DOUBT", "by_case", "by_kernel", "mark"]

#: Marks a number that something makes doubtful, and the line that says what.
DOUBT = "†"


def mark(*statuses: str) -> str:
    """Return the sign for a number that rests on rows of these statuses."""
    return DOUBT if Status.MISTRUSTED in statuses else ""


def by_kernel(faults: Iterable[tuple[str, str, str, str]]) -> Iterator[str]:
    """Yield a line for the kernels that share status, reason and places; faults are (kernel, status, reason, place)."""
    where: dict[tuple[str, str, str], list[str]] = {}
    for kernel, status, reason, place in faults:
        if status != Status.PASSED:
            where.setdefault((kernel, status, reason), []).append(place)
    kernels: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (kernel, status, reason), places in where.items():
        kernels.setdefault((status, reason, tuple(places)), []).append(kernel)
    for (status, reason, shared), names in kernels.items():
        yield f"{_lead(status)} {', '.join(names)} on {', '.join(shared)}: {reason or 'no reason was given'}"


def by_case(faults: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Yield a line for the cases that share status and reason; faults are (case, status, reason)."""
    found: dict[tuple[str, str], list[str]] = {}
    for case, status, reason in faults:
        if status != Status.PASSED:
            found.setdefault((status, reason), []).append(case)
    for (status, reason), names in found.items():
        yield f"{_lead(status)} {', '.join(names)}{f': {reason}' if reason else ''}"


def _lead(status: str) -> str:
    return f"{mark(status)} {status}".lstrip()
