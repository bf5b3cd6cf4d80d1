"""Whether the numbers of a run can be trusted: what it resolved, what disturbed it, what is wrong in it."""

from collections.abc import Iterator

from fatnn_bench.machine import findings
from fatnn_bench.machine.findings import Finding, State
from fatnn_bench.printing import footnotes
from fatnn_bench.records import repeats
from fatnn_bench.records.run import Run, Status

__all__ = ["conditions", "faults", "verdict"]

#: Of one-minute load, above which something else may have run beside a measurement.
_BUSY = 1.5
_ORDER = (State.DOUBTFUL, State.NOTE, State.GOOD, State.UNKNOWN)


def verdict(run: Run) -> str:
    """Return in a sentence how sure the run is."""
    resolved = repeats.floor(repeats.of(run))
    floor = "what the machine's noise hides was not measured" if resolved is None else _resolves(resolved)
    doubtful = sum(row.status is Status.MISTRUSTED for row in run.rows)
    timed = sum(row.timed for row in run.rows)
    doubts = f"{doubtful} of {timed} times are MISTRUSTED" if doubtful else f"none of {timed} times is mistrusted"
    return f"{floor[0].upper()}{floor[1:]}; {doubts}."


def _resolves(floor: float) -> str:
    return f"differences of {floor:.1%} and more were resolved (99 times in 100, a kernel differs from itself by less)"


def faults(run: Run) -> list[str]:
    """Return why there is no number, or a doubtful one: a line for the cases that share status and reason."""
    cases = ((row.kernel, row.status.value, row.reason, row.layer) for row in run.rows)
    return [*run.warnings, *footnotes.by_kernel(cases)]


def conditions(run: Run) -> list[Finding]:
    """Return what the header tells of what can make times vary, with what mends it; what is doubtful comes first."""
    found = [*findings.of(run.header.machine, run.header.software), *_of_run(run)]
    return sorted(found, key=lambda finding: _ORDER.index(finding.state))


def _of_run(run: Run) -> Iterator[Finding]:
    machine = run.header.machine
    if machine.get("virtualisation") not in (None, "none"):
        yield Finding("virtual machine", State.NOTE, f"{machine['virtualisation']}: others may share its cores")
    if load := machine.get("load_average"):
        if load[0] > _BUSY:
            found = f"{load[0]:.2f} in the minute before: something else was running"
            yield Finding("load", State.DOUBTFUL, found, "top -o %CPU")
        else:
            yield Finding("load", State.GOOD, f"{load[0]:.2f} in the minute before")
    if "pinned_core" in machine:
        core = machine["pinned_core"]
        yield Finding("pinned", State.NOTE, "to no core" if core is None else f"to core {core}")
    if run.header.software.get("dirty"):
        yield Finding("source", State.NOTE, "the checkout had changes that no commit holds")
