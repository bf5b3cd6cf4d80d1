"""By precision first: of the kernels of a precision, the one that a person would run, and what the others gain.

A precision's *way* is its best kernel in a run, by what it gains on all layers together. Kernels that were not timed on
some layer come behind those that were timed on all: a mean of easy layers is no gain. A kernel of no known precision
stands for itself.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from fatnn_bench.comparison import compare
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.comparison.kernels import Kernel, kernels_of_table
from fatnn_bench.workload import precisions

__all__ = ["Column", "by_kernel", "by_precision"]


class Column(NamedTuple):
    """What stands under one heading."""

    heading: str  #: a precision, or a kernel
    kernel: str
    others: tuple[tuple[str, Gain | None], ...] = ()  #: of the same precision, the fastest first; None without a time


def by_kernel(totals: pd.DataFrame, single: str | None) -> list[Column]:
    """Return a column a kernel of a :func:`compare.totals` table, without the one that all are measured against."""
    return [Column(kernel.name, kernel.name) for kernel in kernels_of_table(totals) if kernel.name != single]


def by_precision(totals: pd.DataFrame, single: str | None, baseline: str | None) -> list[Column]:
    """Return a column a precision of a :func:`compare.totals` table, without that of what all are measured against.

    Parameters
    ----------
    totals : DataFrame
        Of one network, scope and number of threads.
    single : str, optional
        The kernel that all layers are measured against, if it is one.
    baseline : str, optional
        The kernel that was asked for as the baseline; the fastest float32 if not given.
    """
    kernels = kernels_of_table(totals)
    of_baseline = next((one.precision for one in kernels if one.name == baseline), precisions.FLOAT32)
    columns = list(_columns([one for one in kernels if one.precision != of_baseline], totals))
    return columns or by_kernel(totals, single)


def _columns(kernels: Sequence[Kernel], totals: pd.DataFrame) -> Iterator[Column]:
    rows = totals.set_index("kernel").to_dict(orient="index")
    gains = {name: compare.overall({str(field): cell for field, cell in row.items()}) for name, row in rows.items()}

    def rank(kernel: Kernel) -> tuple[int, float]:
        gain = gains[kernel.name]
        return (rows[kernel.name]["layers"], gain.speedup) if gain else (0, 0.0)

    for precision in dict.fromkeys(kernel.precision for kernel in kernels):
        alike = [kernel for kernel in kernels if kernel.precision == precision]
        if precision is None:
            yield from (Column(kernel.name, kernel.name) for kernel in alike)
            continue
        best, *others = sorted(alike, key=rank, reverse=True)
        yield Column(precision, best.name, tuple((other.name, gains[other.name]) for other in others))
