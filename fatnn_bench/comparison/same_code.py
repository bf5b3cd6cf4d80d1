"""Whether times that differ come from code that does: by the hash of the hot loop, which rows carry as ``codegen``."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from fatnn_bench.records.run import Row

__all__ = ["hot_loop", "shared_loops", "unchanged"]

#: Ways whose kernels have one loop and differ beside it: in the table that it reads, or in what is unpacked before.
_ALIKE_IN_THEIR_LOOP = ("lookup", "tiles")


def hot_loop(row: Row | None) -> str | None:
    """Return the hash of a row's hot loop; None where it is not known."""
    return ((row and row.codegen) or {}).get("hot_loop")


def unchanged(row: Row | None, base: Row | None) -> bool:
    """Return whether two rows are known to have run the same hot loop."""
    return hot_loop(row) is not None and hot_loop(row) == hot_loop(base)


def shared_loops(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a sentence for kernels of a run that ran the same hot loop on a layer: they are one kernel, twice."""
    kernels: dict[tuple[str, str, int, str], set[str]] = defaultdict(set)
    for row in rows:
        if (digest := hot_loop(row)) and row.way not in _ALIKE_IN_THEIR_LOOP:
            kernels[row.layer, row.scope, row.threads, digest].add(row.kernel)
    layers: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for (layer, *_), names in kernels.items():
        if len(names) > 1:
            layers[tuple(sorted(names))].add(layer)
    for alike, found in layers.items():
        where = next(iter(found)) if len(found) == 1 else f"{len(found)} layers"
        yield f"{' and '.join(alike)} compile to the same hot loop on {where}: their times differ by chance alone"
