"""How fast the kernels should be where words can be counted in vectors (AVX-512 VPOPCNTDQ), beside what a run measured.

The targets are shares of the machine's limit and ratios between kernels, so that they hold for any clock, on one
thread and on ResNet-18's four 3×3 layers of stride 1.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from fatnn_bench.comparison.compare import kernel_order
from fatnn_bench.document import NOTHING, Document, Sheet
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.records import provenance
from fatnn_bench.records.run import Row, Run
from fatnn_bench.workload import precisions

__all__ = ["TARGETS", "document", "measured"]

#: The four layers, from the first stage to the last.
LAYERS = tuple(f"resnet18.conv{stage}_x" for stage in (2, 3, 4, 5))
#: Output pixels from which on a layer has rows enough for its tiles.
_MANY_ROWS = 196
#: The rows of a layer, by scope and kernel.
Rows = Mapping[tuple[str, str], Row]


@dataclass(frozen=True)
class Target:
    """A figure of every layer that should not be below another."""

    name: str
    value: Callable[[Rows], float | None]  #: None where the run has not what it takes
    least: float
    least_of_few_rows: float | None = None  #: where M is less than 196, if it differs
    is_share: bool = True  #: of the limit; otherwise a ratio

    def least_of(self, m: int) -> float:
        """The figure to reach in a layer of ``m`` output pixels."""
        return self.least if m >= _MANY_ROWS or self.least_of_few_rows is None else self.least_of_few_rows

    def written(self, value: float | None) -> str:
        if value is None:
            return NOTHING
        return f"{value:.1%}" if self.is_share else f"{value:.2f}×"


def _share(scope: str, kernel: str) -> Callable[[Rows], float | None]:
    def share(rows: Rows) -> float | None:
        return rows[scope, kernel].peak_fraction if (scope, kernel) in rows else None

    return share


def _ratio(scope: str, *kernels: str) -> Callable[[Rows], float | None]:
    """How much faster FATNN's layer is than the fastest of these."""

    def ratio(rows: Rows) -> float | None:
        mine = rows.get((scope, "ternary-fatnn"))
        times = [rows[scope, kernel].median_s for kernel in kernels if (scope, kernel) in rows]
        known = [time for time in times if time]
        return min(known) / mine.median_s if mine and mine.median_s and known else None

    return ratio


#: Beside the share of its limit that every kernel of less than float32 should reach, packed × packed.
TARGETS = (
    Target("ternary-fatnn / two-bit, kernel", _ratio("kernel", "two-bit"), 1.8, is_share=False),
    Target("ternary-fatnn / blas.float32, kernel", _ratio("kernel", "blas.float32"), 8.0, is_share=False),
    Target("ternary-fatnn, packed → packed", _share("packed", "ternary-fatnn"), 0.90),
    Target("ternary-fatnn, float in → int32 out", _share("layer", "ternary-fatnn"), 0.85),
    Target(
        "ternary-fatnn / fastest float32 layer of torch, onnxruntime",
        _ratio("layer", "torch.float32", "onnxruntime.float32"),
        8.5,
        is_share=False,
    ),
    Target(
        "ternary-fatnn / fastest int8 layer of torch, onnxruntime",
        _ratio("layer", "torch.int8", "onnxruntime.int8"),
        2.2,
        is_share=False,
    ),
    Target("ternary-fatnn / two-bit, layer", _ratio("layer", "two-bit"), 1.75, is_share=False),
)


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
    """The targets of the kernels that the runs hold."""
    own = [row for run in runs for row in run.rows if row.scope == "kernel" and "." not in row.kernel]
    low = kernel_order(row.kernel for row in own if precisions.of(row) not in (None, precisions.FLOAT32))
    return [*(Target(f"{kernel}, kernel", _share("kernel", kernel), 0.95, 0.90) for kernel in low), *TARGETS]


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
    written = f"{target.least:.0%}" if target.is_share else f"{target.least:.3g}×"
    few = target.least_of_few_rows
    return written if few is None else f"{written} (M < {_MANY_ROWS}: {few:.0%})"


def _cell(target: Target, figure: Figure | None) -> str:
    if figure is None:
        return NOTHING
    return target.written(figure.measured) + ("" if figure.is_met else " !")
