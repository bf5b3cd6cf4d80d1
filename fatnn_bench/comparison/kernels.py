"""The kernels of a run or a table: what their rows say of them, in the order of tables and figures.

Precisions go from the most bits to the fewest; of one precision, the suite's own kernels come before other libraries',
by name; kernels of no known precision come last.
"""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from fatnn_bench.records.run import Row
from fatnn_bench.workload import precisions

__all__ = ["Kernel", "kernels_of_rows", "kernels_of_table", "names"]


class Kernel(NamedTuple):
    """A kernel, as far as rows say what it is."""

    name: str
    precision: str | None  #: None of a kernel of another tool that is named for none
    way: str | None  #: None where that is not known, as of other libraries and in older files

    @property
    def library(self) -> str:
        """Whose it is, as ``torch`` of ``torch.int8``; empty of the suite's own."""
        return self.name.rpartition(".")[0]


def kernels_of_rows(rows: Iterable[Row]) -> list[Kernel]:
    """Return the kernels of rows, each once."""
    return _ordered(Kernel(row.kernel, precisions.of(row), row.way) for row in rows)


def kernels_of_table(table: pd.DataFrame) -> list[Kernel]:
    """Return the kernels of a table with the columns ``kernel``, ``precision`` and ``way``, each once."""
    cells = zip(table["kernel"], table["precision"], table["way"], strict=True)
    return _ordered(Kernel(name, _text(precision), _text(way)) for name, precision, way in dict.fromkeys(cells))


def names(kernels: Iterable[Kernel]) -> list[str]:
    """Return their names, in the same order."""
    return [kernel.name for kernel in kernels]


def _ordered(said: Iterable[Kernel]) -> list[Kernel]:
    """Each kernel as the first row has it that says the way; rows of another file may be older."""
    known: dict[str, Kernel] = {}
    for kernel in said:
        if kernel.name not in known or known[kernel.name].way is None:
            known[kernel.name] = kernel
    return sorted(known.values(), key=_place)


def _place(kernel: Kernel) -> tuple[int, bool, str]:
    return precisions.place(kernel.precision), bool(kernel.library), kernel.name


def _text(cell: object) -> str | None:
    return cell if isinstance(cell, str) else None
