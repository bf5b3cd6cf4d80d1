"""By precision first: the best way of each precision, what its others gain, and on which layers one of them is faster.

Which way is the best is decided once for all layers (:mod:`fatnn_bench.comparison.ranking`), so it need not be on each.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from fatnn_bench.comparison import compare, gain, verdict
from fatnn_bench.comparison.compare import Comparison
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.comparison.kernels import Kernel, kernels_of_table
from fatnn_bench.comparison.places import Group, Place
from fatnn_bench.comparison.verdict import Verdict
from fatnn_bench.records.run import Row, Status
from fatnn_bench.workload import precisions

__all__ = ["Column", "Exceptions", "best", "by_kernel", "by_precision", "exceptions", "tried"]

#: By how much another way must be faster on a layer for a person to want a second kernel.
CLEARLY = 0.1
#: Layers that a sentence names; the others are counted.
_NAMED = 4


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
    of_baseline = _precision(kernels, baseline)
    columns = list(_columns([one for one in kernels if one.precision != of_baseline], totals))
    return columns or by_kernel(totals, single)


def tried(table: pd.DataFrame, of_group: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a :func:`compare.speedups` table without kernels that were skipped everywhere in a group."""
    skipped = table["status"] == Status.SKIPPED
    return table[~skipped.groupby([table[name] for name in ("kernel", *of_group)], dropna=False).transform("all")]


def best(table: pd.DataFrame, baseline: str | None, of_group: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the best way of each precision, without that of what all are measured against.

    Where a group has no other precision, it keeps all rows. Parameters are those of :func:`by_precision`, of a table
    with the columns ``kernel, precision, way, rank``, and the columns that tell its groups apart.
    """
    kept = (table["rank"] == 1) & (table["precision"] != _precision(kernels_of_table(table), baseline))
    alone = ~kept.groupby([table[name] for name in of_group], dropna=False).transform("any")
    return table[kept | alone]


def _precision(kernels: Sequence[Kernel], baseline: str | None) -> str | None:
    """That of what all are measured against."""
    return next((one.precision for one in kernels if one.name == baseline), precisions.FLOAT32)


def _columns(kernels: Sequence[Kernel], totals: pd.DataFrame) -> Iterator[Column]:
    rows = totals.set_index("kernel").to_dict(orient="index")
    gains = {name: compare.overall({str(field): cell for field, cell in row.items()}) for name, row in rows.items()}
    for precision in dict.fromkeys(kernel.precision for kernel in kernels):
        alike = sorted((one.name for one in kernels if one.precision == precision), key=lambda name: rows[name]["rank"])
        if precision is None:
            yield from (Column(kernel, kernel) for kernel in alike)
        else:
            best, *others = alike
            yield Column(precision, best, tuple((other, gains[other]) for other in others))


class Exceptions(NamedTuple):
    """A way that is clearly faster on some layers than the best way of its precision on all."""

    precision: str
    best: str  #: its kernel
    kernel: str
    gains: dict[str, Gain]  #: of the kernel over the best way, by layer

    def __str__(self) -> str:
        """``ternary-fatnn is faster than ternary-tiles on fc 19.0× [17.5, 20.6], conv1 1.29× [1.21, 1.37]``."""
        largest = sorted(self.gains.items(), key=lambda item: -item[1].speedup)
        more = [f"{len(largest) - _NAMED} more"] if len(largest) > _NAMED else []
        layers = ", ".join([*(f"{layer} {gain}" for layer, gain in largest[:_NAMED]), *more])
        return f"{self.kernel} is faster than {self.best} on {layers}"


def exceptions(comparison: Comparison) -> dict[Group, list[Exceptions]]:
    """Return the layers of each group on which another way of a precision is surely faster, by 10% or more."""
    matches = list(_fastest_beside_best(comparison))
    gains = gain.of_layers([match for _, match in matches], comparison.known)
    found: dict[Group, dict[tuple[str, str], Exceptions]] = {}
    for (place, (row, best)), gained in zip(matches, gains, strict=True):
        if verdict.of_rows(gained, row, best, CLEARLY, comparison.floor) is Verdict.FASTER:
            new = Exceptions(str(precisions.of(best)), best.kernel, row.kernel, {})
            of_kernels = found.setdefault(place.group, {}).setdefault((best.kernel, row.kernel), new)
            of_kernels.gains[place.layer] = gained
    return {group: list(of_kernels.values()) for group, of_kernels in found.items()}


def _fastest_beside_best(comparison: Comparison) -> Iterator[tuple[Place, gain.Match]]:
    """On each layer and of each precision, the fastest row where that is not the best way's, beside it."""
    rows_at: dict[tuple[Place, str | None], list[Row]] = {}
    for pair in comparison.pairs:
        if pair.row.timed:
            rows_at.setdefault((pair.place, precisions.of(pair.row)), []).append(pair.row)
    for (place, precision), rows in rows_at.items():
        best = next((row for row in rows if comparison.ranks[place.group, row.kernel] == 1), None)
        fastest = min(rows, key=gain.total_seconds)
        if precision is not None and best is not None and fastest is not best:
            yield place, (fastest, best)
