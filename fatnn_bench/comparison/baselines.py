"""What the kernels of a layer are measured against: the kernel that was asked for, or the fastest float32.

The fastest of several medians is fast by luck too, and speedups over it are too small. So the fastest float32 is chosen
once, by the time of all layers together, where luck evens out; in a layer another takes its place only where it is
surely faster there.
"""

from collections.abc import Iterable, Mapping, Sequence

from fatnn_bench.comparison import gain, verdict
from fatnn_bench.comparison.gain import Known
from fatnn_bench.comparison.places import Place
from fatnn_bench.comparison.verdict import Verdict
from fatnn_bench.records import repeats
from fatnn_bench.records.run import Row, Status
from fatnn_bench.workload import precisions

__all__ = ["of"]


def of(places: Mapping[Place, Mapping[str, Row]], name: str | None, known: Known) -> dict[Place, Row | None]:
    """Return the baseline at each place; None where there is none.

    Parameters
    ----------
    places
        The rows at each, by kernel.
    name
        The kernel that was asked for; None for the fastest float32.
    known
        What the repeats of the run tell.
    """
    if name is not None:
        return {place: row if (row := rows.get(name)) and row.timed else None for place, rows in places.items()}
    candidates = {place: _candidates(rows.values()) for place, rows in places.items()}
    usual = {
        group: _fastest_of_all([rows for place, rows in candidates.items() if place.group == group and rows])
        for group in {place.group for place in candidates}
    }
    chosen = {place: _usual(rows, usual[place.group]) for place, rows in candidates.items()}
    faster = _surely_faster(candidates, chosen, known)
    return {place: min(faster[place], key=gain.total_seconds, default=row) for place, row in chosen.items()}


def _candidates(rows: Iterable[Row]) -> dict[str, Row]:
    """The float32 rows by kernel; a time that is mistrusted is one only where there is no other."""
    timed = {row.kernel: row for row in rows if row.timed and precisions.of(row) == precisions.FLOAT32}
    trusted = {kernel: row for kernel, row in timed.items() if row.status is not Status.MISTRUSTED}
    return trusted or timed


def _fastest_of_all(layers: Sequence[Mapping[str, Row]]) -> str | None:
    """The kernel of the least Σ count · time among those that every layer has; None where there is none."""
    kernels = [kernel for kernel in layers[0] if all(kernel in rows for rows in layers)] if layers else []
    return min(kernels, key=lambda kernel: sum(gain.total_seconds(rows[kernel]) for rows in layers), default=None)


def _usual(rows: Mapping[str, Row], kernel: str | None) -> Row | None:
    """The row of the usual kernel; where it has no time, the fastest."""
    if kernel is not None and kernel in rows:
        return rows[kernel]
    return min(rows.values(), key=gain.total_seconds, default=None)


def _surely_faster(
    candidates: Mapping[Place, Mapping[str, Row]], chosen: Mapping[Place, Row | None], known: Known
) -> dict[Place, list[Row]]:
    """The rows at each place that are surely faster than the one chosen there."""
    others = [
        (place, (row, base))
        for place, rows in candidates.items()
        for row in rows.values()
        if (base := chosen[place]) and row is not base
    ]
    floor = repeats.floor(known.sides[0]) or 0.0
    gains = gain.of_layers([match for _, match in others], known)
    faster: dict[Place, list[Row]] = {place: [] for place in candidates}
    for (place, match), found in zip(others, gains, strict=True):
        if verdict.of_rows(found, *match, verdict.MIN_EFFECT, floor) is Verdict.FASTER:
            faster[place].append(match[0])
    return faster
