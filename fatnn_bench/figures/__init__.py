"""The figures there are. Loading this loads nothing heavy, so that the command line knows their names.

A kind of figure is a line in :data:`KINDS` and a module here of the same name with a function::

    def figure(runs: Sequence[Run], options: Options) -> tuple[pd.DataFrame, Figure]

which returns what the figure shows, a row a mark, and the figure. It is as wide as :func:`style.width_in` says, ends
with :func:`caption.write`, and raises NothingComparableError where the runs hold nothing to draw.
:mod:`fatnn_bench.figures.saving` writes both to files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fatnn_bench.accuracy.records import AccuracyRun
    from fatnn_bench.limits.measured import Bandwidth

__all__ = ["KINDS", "Kind", "Options"]


@dataclass(frozen=True)
class Kind:
    """A kind of figure."""

    answers: str  #: what it shows, for the help
    options: tuple[str, ...] = ()  #: those of ``plot`` that are for it, as fields of :class:`Options`
    several: bool = False  #: whether it draws more than one run
    most_layers: int | None = None  #: a report leaves it out for more layers: it would be slow to draw, and to read


KINDS = {
    "speedup": Kind("how much faster each precision is, layer by layer", ("baseline", "ways"), most_layers=40),
    "stages": Kind("where the time of a layer goes", ("kernel", "ways"), most_layers=40),
    "ways": Kind("how near each way of a precision comes to the machine's limit, and ternary beside 2-bit in each"),
    "roofline": Kind("how far from the machine's limits", ("peak", "measure_bandwidth", "ways"), most_layers=40),
    "pareto": Kind("what accuracy costs", ("accuracy",)),
    "heatmap": Kind("speedups as a map, for many layers at once", ("baseline", "ways"), most_layers=60),
    "crossover": Kind("from which K, and which reuse of packed weights, low-bit beats float", ("baseline", "ways")),
    "platforms": Kind("speedup over float32 by platform, modelled ones hatched", ("baseline", "ways"), several=True),
    "scaling": Kind("what more threads bring", ("kernel", "ways"), several=True),
}


@dataclass(frozen=True)
class Options:
    """What a person may choose of a figure."""

    baseline: str | None = None  #: a kernel; None for the fastest float32 of each layer
    kernel: str | None = None  #: comma-separated shell patterns
    bandwidths: "Sequence[Bandwidth]" = ()  #: of the machine that the run was measured on
    accuracy: "AccuracyRun | None" = None  #: of the network of the run
    ways: bool = False  #: all kernels, and not only the best way of each precision
