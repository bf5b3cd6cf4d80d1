"""Whether the numbers of a run can be trusted: what it resolved, what disturbed it, what is wrong in it."""

from collections.abc import Iterator

from fatnn_bench.printing import footnotes
from fatnn_bench.results.records import Run, Status

__all__ = ["conditions", "faults", "verdict"]

#: Of one-minute load, above which something else may have run beside a measurement.
_BUSY = 1.5


def verdict(run: Run) -> str:
    """Return in a sentence how sure the run is."""
    floor = "what the machine's noise hides was not measured" if run.floor is None else _resolves(run.floor)
    doubtful = sum(row.status is Status.MISTRUSTED for row in run.rows)
    timed = sum(row.timed for row in run.rows)
    doubts = f"{doubtful} of {timed} times are MISTRUSTED" if doubtful else f"none of {timed} times is mistrusted"
    return f"{floor[0].upper()}{floor[1:]}; {doubts}."


def _resolves(floor: float) -> str:
    return f"differences of {floor:.1%} and more were resolved (a kernel measured twice differs from itself by less)"


def faults(run: Run) -> list[str]:
    """Return why there is no number, or a doubtful one: a line for the cases that share status and reason."""
    cases = ((row.kernel, row.status.value, row.reason, row.layer) for row in run.rows)
    return [*run.warnings, *footnotes.by_kernel(cases)]


def conditions(run: Run) -> Iterator[tuple[str, str]]:
    """Yield what the header tells of what can make times vary, as names and findings."""
    machine = run.header.machine
    yield "governor", machine.get("governor") or "the system did not tell"
    turbo = machine.get("turbo")
    yield "turbo", "the system did not tell" if turbo is None else "on" if turbo else "off"
    if machine.get("virtualisation"):
        yield "virtual machine", f"{machine['virtualisation']}: others may share its cores"
    load = machine.get("load_average")
    if load:
        yield "load before", f"{load[0]:.2f}" + (": something else was running" if load[0] > _BUSY else "")
    core = machine.get("pinned_core")
    yield "pinned", "to no core" if core is None else f"to core {core}"
    if run.header.software.get("dirty"):
        yield "source", "the checkout had changes that no commit holds"
