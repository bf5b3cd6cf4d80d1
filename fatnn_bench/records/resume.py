"""Going on with a run that was stopped, and putting runs together: only where all rows mean the same."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fatnn_bench import machine
from fatnn_bench.errors import UserError
from fatnn_bench.records.identity import Key, difference, key
from fatnn_bench.records.run import Header, Row, Run, Status, in_order
from fatnn_bench.workload.cases import Case

__all__ = ["differences", "merged", "missing", "refuse_changes"]

#: Of the software, what can change a time. BLAS and environment are its consequence, or in the kernels' key.
_KERNELS = "kernel_source"
_SOFTWARE = (_KERNELS, "fatnn-bench", "python", "numpy", "numba", "llvmlite")


def missing(cases: Sequence[Case], run: Run) -> list[Case]:
    """Return the cases of which a run holds no row, or one that tells of an ERROR, in their order.

    Raises
    ------
    UserError
        A layer of the cases has another shape in the run.
    """
    _refuse_shapes({case.layer.full_name: case.layer.to_json() for case in cases}, "asked for now", run)
    known = {row.case for row in run.rows if row.status is not Status.ERROR}
    return [case for case in cases if case.id not in known]


def refuse_changes(run: Run, now: Header) -> None:
    """Raise UserError if rows measured now would not mean what the rows of the run do."""
    if found := next(differences(run.header, now), None):
        name, before, after = found
        raise UserError(
            f"cannot go on with {run.source}: {name} was {before} and is {after} now; run the cases into another file"
        )


def merged(runs: Sequence[Run], created: str, command: list[str]) -> Run:
    """Return the rows of all runs as one run; where several hold a case, the row of the last of them counts.

    Parameters
    ----------
    runs
        At least one, of one machine, software and settings.
    created, command
        When and with which command they are put together, for the header.

    Raises
    ------
    UserError
        If the runs differ in what :func:`differences` compares, or a layer has one shape in one of them and another
        in the next.
    """
    first, *others = runs
    shapes: dict[str, Mapping[str, Any]] = {}
    for run in runs:
        _refuse_shapes(shapes, "in the files before it", run)
        shapes |= {row.layer: row.shape for row in run.rows}
    for other in others:
        same_platform = first.header.platform == other.header.platform
        for name, one, two in differences(first.header, other.header):
            if name == _KERNELS and not same_platform:
                continue  # compiled for another target
            raise UserError(
                f"cannot merge {first.source} and {other.source}: {name} is {one} in the one and {two} in the other; "
                "`fatnn-bench compare` takes several files"
            )
    platforms = dict.fromkeys(run.header.platform for run in runs)
    rows: dict[Key, Row] = {}
    for run in runs:
        for row in run.rows:
            kept = replace(row, platform=row.platform or run.header.platform)
            rows[key(kept)] = kept if len(platforms) > 1 else row
    noise = tuple(record for run in runs for record in run.noise)
    layers = list(dict.fromkeys(layer for run in runs for layer in run.header.layers))
    header = replace(
        first.header, created=created, command=command, platform="+".join(platforms), layers=layers, options={}
    )
    return Run(header, in_order(rows.values(), layers), noise=noise)


def _refuse_shapes(shapes: Mapping[str, Mapping[str, Any]], where: str, run: Run) -> None:
    """Raise UserError if a layer of a run is of another shape than the one of its name among ``shapes``."""
    for row in run.rows:
        if found := difference(row.shape, shapes.get(row.layer, {})):
            name, here, there = found
            raise UserError(
                f"{row.layer} has {name} {here} in {run.source} and {there} {where}: rows of two shapes do not go into "
                "one file; rename the layer, or use another file"
            )


def differences(one: Header, two: Header) -> Iterator[tuple[str, Any, Any]]:
    """Yield name and values of what differs in machine, software, plugins or settings; the unknown does not."""
    for before, after in (
        (machine.identity(one.machine), machine.identity(two.machine)),
        ({name: one.software.get(name) for name in _SOFTWARE}, two.software),
        (_fingerprints(one), _fingerprints(two)),
        (one.settings, two.settings),
    ):
        for name, value in before.items():
            if None not in (value, after.get(name)) and value != after[name]:
                yield name, value, after[name]


def _fingerprints(header: Header) -> dict[str, str]:
    """What tells versions of the plugins apart. A file may have been moved: its name is what stays."""
    return {f"plugin {Path(name).name}": found for name, found in header.software.get("plugins", {}).items()}
