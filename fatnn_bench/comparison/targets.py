"""How fast the kernels should be, beside what a run measured.

The targets are in ``data/targets.yaml``: shares of the machine's limit and ratios between kernels, so that they hold
for any clock, on one thread and on ResNet-18's four 3×3 layers of stride 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import pandas as pd
from pydantic import TypeAdapter

from fatnn_bench.comparison.kernels import kernels_of_rows
from fatnn_bench.document import NOTHING, Document, Sheet
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.files import yamlfile
from fatnn_bench.records import provenance
from fatnn_bench.records.run import Row, Run
from fatnn_bench.workload import precisions

__all__ = ["document", "measured", "stated"]

#: The four layers, from the first stage to the last.
LAYERS = tuple(f"resnet18.conv{stage}_x" for stage in (2, 3, 4, 5))
#: Output pixels from which on a layer has rows enough for its tiles.
_MANY_ROWS = 196
#: The share of its limit that every kernel of fewer bits than float32 should reach, packed × packed; and of few rows.
_SHARE, _SHARE_OF_FEW_ROWS = 0.95, 0.90
#: The rows of a layer, by scope and kernel.
Rows = Mapping[tuple[str, str], Row]


@dataclass(frozen=True)
class Target:
    """A figure of every layer that should not be below another."""

    name: str
    kernel: str
    scope: str
    least: float
    over: tuple[str, ...] = ()  #: how much faster than the fastest of these; without any, the share of the limit
    least_of_few_rows: float | None = None  #: where M is less than 196, if it differs

    def value(self, rows: Rows) -> float | None:
        """Return the figure; None where the run has not what it takes."""
        mine = rows.get((self.scope, self.kernel))
        if mine is None:
            return None
        if not self.over:
            return mine.peak_fraction
        times = [rows[self.scope, kernel].median_s for kernel in self.over if (self.scope, kernel) in rows]
        known = [time for time in times if time]
        return min(known) / mine.median_s if mine.median_s and known else None

    def least_of(self, m: int) -> float:
        """The figure to reach in a layer of ``m`` output pixels."""
        return self.least if m >= _MANY_ROWS or self.least_of_few_rows is None else self.least_of_few_rows

    def written(self, value: float | None) -> str:
        if value is None:
            return NOTHING
        return f"{value:.2f}×" if self.over else f"{value:.1%}"


@cache
def stated() -> tuple[Target, ...]:
    """Return the targets of ``data/targets.yaml``."""
    path = files("fatnn_bench") / "data" / "targets.yaml"
    return yamlfile.parsed(path.read_text("utf-8"), TypeAdapter(tuple[Target, ...]), str(path))


class Figure(NamedTuple):
    """A target in a layer."""

    target: str
    layer: str
    least: float
    measured: float
    is_met: bool


def measured(runs: Sequence[Run]) -> list[Figure]:
    """Return the figures that the runs hold, target by target and layer by layer."""
    return [
        Figure(target.name, layer, least, value, value >= least)
        for target in _targets(runs)
        for layer, m, rows in _layers(runs)
        if (value := target.value(rows)) is not None
        for least in [target.least_of(m)]
    ]


def _targets(runs: Sequence[Run]) -> list[Target]:
    """The targets of the kernels that the runs hold. No cache is as fast as the registers of matrix tiles."""
    there = kernels_of_rows(row for run in runs for row in run.rows if row.scope == "kernel")
    own = [
        Target(f"{kernel.name}, kernel", kernel.name, "kernel", _SHARE, least_of_few_rows=_SHARE_OF_FEW_ROWS)
        for kernel in there
        if not kernel.library and kernel.precision not in (None, precisions.FLOAT32) and kernel.way != "tiles"
    ]
    return [*own, *stated()]


def _layers(runs: Sequence[Run]) -> Iterator[tuple[str, int, Rows]]:
    """The layers there are: name, output pixels, and the rows of one thread."""
    timed = [row for run in runs for row in run.rows if row.timed and row.threads == 1]
    for layer in LAYERS:
        if of_layer := [row for row in timed if row.layer == layer]:
            yield layer, of_layer[0].shape.get("m", _MANY_ROWS), {(row.scope, row.kernel): row for row in of_layer}


def document(runs: Sequence[Run]) -> Document:
    """Return the table of the targets.

    Parameters
    ----------
    runs
        Of one machine, such as one of each scope.

    Raises
    ------
    NothingComparableError
        They hold nothing that there is a target for.
    """
    figures = measured(runs)
    if not figures:
        raise NothingComparableError(
            "no target was measured: expected scope kernel, layer or packed on one thread, "
            "and of resnet18 the layers conv?_x"
        )
    layers = list(dict.fromkeys(figure.layer for figure in figures))
    by_target = {(figure.target, figure.layer): figure for figure in figures}
    rows = [
        (target.name, _least(target), *(_cell(target, by_target.get((target.name, layer))) for layer in layers))
        for target in _targets(runs)
        if any(figure.target == target.name for figure in figures)
    ]
    met = sum(figure.is_met for figure in figures)
    notes = (f"{met} of {len(figures)} figures reach their target; ! marks the others", "%: of the measured limit")
    sheet = Sheet(
        "Targets · 1 thread",
        ("what", "at least", *(layer.partition(".")[2] for layer in layers)),
        tuple(rows),
        notes=notes,
        keys=2,
    )
    heading = [(run.header.platform, provenance.line(run)) for run in runs]
    data = {"runs": [provenance.origin(run) for run in runs], "figures": [figure._asdict() for figure in figures]}
    return Document((sheet,), pd.DataFrame(figures), data, tuple(heading))


def _least(target: Target) -> str:
    written, *few = (
        f"{least:.3g}×" if target.over else f"{least:.0%}"
        for least in (target.least, target.least_of_few_rows)
        if least is not None
    )
    return f"{written} (M < {_MANY_ROWS}: {few[0]})" if few else written


def _cell(target: Target, figure: Figure | None) -> str:
    if figure is None:
        return NOTHING
    return target.written(figure.measured) + ("" if figure.is_met else " !")
