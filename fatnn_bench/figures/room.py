"""How much of a run a figure has room for: the first of its layers and platforms, and the kernels of most bits."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fatnn_bench.comparison.kernels import kernels_of_rows, names
from fatnn_bench.records.run import Row, Run

__all__ = ["drawable", "left_out"]

#: More of them are too small to see, and take minutes to draw.
MOST_LAYERS, MOST_KERNELS, MOST_PLATFORMS = 80, 24, 24


def drawable(run: Run) -> Run:
    """Return a run without the rows that a figure has no room for."""
    layers, kernels, platforms = (set(kept) for _, kept, _ in _room(run.rows))
    rows = [
        row for row in run.rows if row.layer in layers and row.kernel in kernels and (row.platform or "") in platforms
    ]
    return run if len(rows) == len(run.rows) else replace(run, rows=tuple(rows))


def left_out(runs: Sequence[Run]) -> str:
    """Return how many layers, kernels and platforms of runs are not drawn; empty if all are."""
    found = [
        f"{len(kept)} of {count} {what} of {run.source or run.header.platform}"
        for run in runs
        for what, kept, count in _room(run.rows)
        if count > len(kept)
    ]
    return f"a figure has room for {', '.join(found)}; the others are left out" if found else ""


def _room(rows: Sequence[Row]) -> Iterator[tuple[str, list[str], int]]:
    """What there are of a kind, those of them that are drawn, and how many there are."""
    layers = dict.fromkeys(row.layer for row in rows)
    yield "layers", _first(layers, MOST_LAYERS), len(layers)
    kernels = names(kernels_of_rows(rows))
    yield "kernels", _first(kernels, MOST_KERNELS), len(kernels)
    platforms = dict.fromkeys(row.platform or "" for row in rows)
    yield "platforms", _first(platforms, MOST_PLATFORMS), len(platforms)


def _first(names: Iterable[str], most: int) -> list[str]:
    return list(names)[:most]
