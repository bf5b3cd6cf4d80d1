"""How near each way of a precision comes to what the machine can do, and what ternary gains over 2-bit in each.

A row of t seconds that reaches a share s of its limit could take s·t. The machine's *limit* of a precision on a layer
is the least of these among its ways, so that over the layers of a network a way reaches

    share = Σ count · min over ways (s·t) / Σ count · t,

and could reach at most Σ count · min over ways (s·t) / Σ count · s·t. FATNN's claim is that a ternary inner product
costs half of a 2-bit one: a gain of 2.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pandas as pd

from fatnn_bench.comparison import compare, places, ranking
from fatnn_bench.comparison.gain import total_seconds
from fatnn_bench.comparison.places import Group
from fatnn_bench.errors import NothingComparableError, UserError
from fatnn_bench.records.run import Row, Run, Status
from fatnn_bench.workload import precisions
from fatnn_bench.workload.precisions import TERNARY, TWO_BIT

__all__ = ["BEST", "GAIN", "SHARE", "table"]

#: What a row of the table is of.
SHARE, GAIN = "share of the machine's limit", "gain of ternary over 2-bit"
#: Stands for a way in the gain of the best way of ternary over that of 2-bit.
BEST = "best"
#: The kernel of each way, by precision and way.
_Ways = dict[tuple[str, str | None], str]
#: The totals over a kernel, by group and kernel.
_TotalsOver = Callable[[str], Mapping[Group, Mapping[str, Mapping[str, Any]]]]


def table(run: Run) -> pd.DataFrame:
    """Return the shares of the ways of each precision, and the gains of ternary's over 2-bit's.

    Of several kernels of one precision and way, the best on all layers stands for it.

    Returns
    -------
    DataFrame
        ``platform, network, scope, threads, what, precision, way, kernel, beside, layers, value, low, high, most,
        status``. Where ``what`` is :data:`SHARE`, ``value`` and ``most`` are what is reached and what the way could
        reach at most, and interval and ``beside`` are missing; where it is :data:`GAIN`, ``value``, ``low`` and
        ``high`` are the gain of ``kernel`` over ``beside`` and ``way`` may be :data:`BEST`.

    Raises
    ------
    NothingComparableError
        No row has a limit.
    """
    rows_at = places.of_rows([row for row in run.rows if row.timed and row.peak_fraction])

    @cache
    def totals_over(beside: str) -> Mapping[Group, Mapping[str, Mapping[str, Any]]]:
        try:
            return compare.of(run, beside).totals_by_group()
        except UserError:  # nothing was timed beside it
            return {}

    records = [
        group._asdict() | record
        for group, layers in places.groups(rows_at).items()
        for record in _records(run, group, layers, totals_over)
    ]
    if not records:
        raise NothingComparableError(
            f"{run.source or 'the run'} has no row with a time and its limit, so there are no shares of it; "
            "`fatnn-bench show` prints why"
        )
    return pd.DataFrame(records)


def _records(
    run: Run, group: Group, layers: list[Mapping[str, Row]], totals_over: _TotalsOver
) -> Iterator[dict[str, Any]]:
    kernels: _Ways = {}
    known = {kernel: row for rows in layers for kernel, row in rows.items()}
    for precision, ranked in ranking.ranked(layers).items():
        for kernel in ranked:
            kernels.setdefault((precision, known[kernel].way), kernel)
    for precision in sorted({precision for precision, _ in kernels}, key=precisions.place):
        yield from _shares(layers, precision, {way: name for (of, way), name in kernels.items() if of == precision})
    yield from _gains(run, group, kernels, totals_over)


def _shares(
    layers: list[Mapping[str, Row]], precision: str, ways: Mapping[str | None, str]
) -> Iterator[dict[str, Any]]:
    for way, kernel in ways.items():
        here = [rows for rows in layers if kernel in rows]
        least = sum(min(_at_its_limit(rows[name]) for name in ways.values() if name in rows) for rows in here)
        own = sum(_at_its_limit(rows[kernel]) for rows in here)
        yield {
            "what": SHARE,
            "precision": precision,
            "way": way,
            "kernel": kernel,
            "beside": None,
            "layers": len(here),
            "value": least / sum(total_seconds(rows[kernel]) for rows in here),
            "low": None,
            "high": None,
            "most": least / own,
            "status": _status(rows[kernel] for rows in here),
        }


def _at_its_limit(row: Row) -> float:
    assert row.peak_fraction is not None  # it has a limit
    return total_seconds(row) * row.peak_fraction


def _status(rows: Iterator[Row]) -> str:
    statuses = {row.status for row in rows}
    return (Status.MISTRUSTED if Status.MISTRUSTED in statuses else Status.PASSED).value


def _gains(run: Run, group: Group, kernels: _Ways, totals_over: _TotalsOver) -> Iterator[dict[str, Any]]:
    """Ternary's gain over 2-bit in each way that both have, and that of the best way of each."""
    pairs = {way: (kernel, kernels.get((TWO_BIT, way))) for (of, way), kernel in kernels.items() if of == TERNARY}
    best = tuple(next((name for (of, _), name in kernels.items() if of == each), None) for each in (TERNARY, TWO_BIT))
    if best[0] and best not in pairs.values():
        pairs[BEST] = best[0], best[1]
    for way, (kernel, beside) in pairs.items():
        total = totals_over(beside).get(group, {}).get(kernel) if beside else None
        if total and (gain := compare.overall(total)):
            yield {
                "what": GAIN,
                "precision": TERNARY,
                "way": way,
                "kernel": kernel,
                "beside": beside,
                "layers": total["layers"],
                "value": gain.speedup,
                "low": gain.low,
                "high": gain.high,
                "most": None,
                "status": _status(row for row in run.rows if row.kernel in (kernel, beside) and _is_of(row, group)),
            }


def _is_of(row: Row, group: Group) -> bool:
    return (row.platform, row.network, row.scope, row.threads) == group
