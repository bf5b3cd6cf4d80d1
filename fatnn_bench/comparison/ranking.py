"""Of the kernels of a precision, which a person would run: its *best way*, the fastest on all layers together.

What was timed on more layers comes first, for a mean of easy layers is no gain. Of equally many it is the least time,
Σ count · time where every layer of a network was timed, and else the geometric mean of the times, each over the least
of that precision on its layer.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from fatnn_bench.comparison import places
from fatnn_bench.comparison.places import Group, Place
from fatnn_bench.records.run import Row
from fatnn_bench.workload import precisions

__all__ = ["best_ways", "of_groups", "ranked"]


def ranked(
    layers: Sequence[Mapping[str, Row]], is_timed: Callable[[Row], bool] = attrgetter("timed")
) -> dict[str, list[str]]:
    """Return the kernels of each precision that rows know, the best way first.

    Parameters
    ----------
    layers
        The rows of each layer of one group, by kernel.
    is_timed
        Whether the time of a row counts.
    """
    kernels: dict[str, dict[str, dict[int, Row]]] = {}
    for layer, rows in enumerate(layers):
        for kernel, row in rows.items():
            if (precision := precisions.of(row)) is not None:
                timed = kernels.setdefault(precision, {}).setdefault(kernel, {})
                if is_timed(row):
                    timed[layer] = row
    return {precision: _in_order(alike, len(layers)) for precision, alike in kernels.items()}


def of_groups(rows_at: Mapping[Place, Mapping[str, Row]]) -> dict[tuple[Group, str], int]:
    """Return the rank of each kernel in its group: 1 for the best way of a precision.

    A kernel of no known precision stands for itself, and is 1.
    """
    ranks = {(place.group, kernel): 1 for place, rows in rows_at.items() for kernel in rows}
    for group, layers in places.groups(rows_at).items():
        for kernels in ranked(layers).values():
            ranks |= {(group, kernel): rank for rank, kernel in enumerate(kernels, start=1)}
    return ranks


def best_ways(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the best way of each precision in their group, in their order."""
    rows_at = places.of_rows(rows)
    ranks = of_groups(rows_at)
    kept = {
        id(row) for place, here in rows_at.items() for kernel, row in here.items() if ranks[place.group, kernel] == 1
    }
    return [row for row in rows if id(row) in kept]


def _in_order(kernels: Mapping[str, Mapping[int, Row]], layers: int) -> list[str]:
    least: dict[int, float] = {}
    for timed in kernels.values():
        for layer, row in timed.items():
            least[layer] = min(_seconds(row), least.get(layer, math.inf))

    def rank(kernel: str) -> tuple[int, float]:
        timed = kernels[kernel]
        return -len(timed), _cost(timed, least, whole=len(timed) == layers)

    return sorted(kernels, key=rank)


def _cost(timed: Mapping[int, Row], least: Mapping[int, float], whole: bool) -> float:
    """What orders kernels that were timed on equally many layers; batches of a whole network are not its layers."""
    if whole and all(row.network is not None and row.scope != "network" for row in timed.values()):
        return sum(int(row.shape.get("count", 1)) * _seconds(row) for row in timed.values())
    return sum(math.log(_seconds(row) / least[layer]) for layer, row in timed.items())


def _seconds(row: Row) -> float:
    assert row.median_s is not None  # it is timed
    return row.median_s
