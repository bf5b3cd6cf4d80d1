"""What was gained: the kernels of one run against a baseline kernel, layer by layer and over a network.

A *speedup* is the baseline's time over the kernel's: above 1 is faster. It comes with its 95% interval. Cases without a
time keep their status and reason, and never get a number. Nothing here does input or output. Run against run is
:mod:`fatnn_bench.comparison.compare_runs`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pandas as pd

from fatnn_bench.comparison import gain, pairs, places, ranking, verdict
from fatnn_bench.comparison.pairs import Pair
from fatnn_bench.comparison.places import Group
from fatnn_bench.records import repeats
from fatnn_bench.records.run import Row, Run
from fatnn_bench.workload import precisions

__all__ = ["Comparison", "baseline_words", "of", "overall", "single_baseline", "speedups", "totals"]

#: What the default baseline is called in titles and captions.
FASTEST_FLOAT32 = "the fastest float32 of each layer"


class _Sum(NamedTuple):
    """A kernel on all layers of a network."""

    pairs: list[Pair]
    left_out: list[str]  #: layers without a time of the kernel or its baseline

    @property
    def matches(self) -> list[gain.Match]:
        return [match for pair in self.pairs if (match := pair.match)]

    @property
    def whole(self) -> bool:
        """Whether there is a total: batch sizes of a whole network are not its layers, and their times make no sum."""
        row = self.pairs[0].row
        return not self.left_out and row.network is not None and row.scope != "network"


@dataclass(frozen=True)
class Comparison:
    """The kernels of a run beside a baseline: what is computed once, whatever is asked of it."""

    run: Run
    known: gain.Known  #: what the repeats of the run tell
    pairs: Sequence[Pair]
    ranks: Mapping[tuple[Group, str], int]  #: of each kernel among those of its precision, from 1

    @property
    def groups(self) -> list[Group]:
        """What totals are of, in the order of the run."""
        return list(dict.fromkeys(pair.place.group for pair in self.pairs))

    @property
    def floor(self) -> float:
        """The least relative difference that the run resolves; 0 where that is not known."""
        return repeats.floor(self.known.sides[0]) or 0.0

    def over(self, baseline: str) -> "Comparison":
        """Return the same kernels beside another. Errors are those of :func:`of`."""
        return replace(self, pairs=pairs.of(self.run, places.of_rows(self.run.rows), baseline, self.known))

    def speedups(self, min_effect: float = verdict.MIN_EFFECT) -> pd.DataFrame:
        """Return the table of :func:`speedups`."""
        gains = gain.of_layers([pair.match for pair in self.pairs], self.known)
        return pd.DataFrame(
            [
                _speedup_record(pair, self._rank(pair), speedup, min_effect, self.floor)
                for pair, speedup in zip(self.pairs, gains, strict=True)
            ]
        )

    def totals(self) -> pd.DataFrame:
        """Return the table of :func:`totals`."""
        groups: dict[Group, dict[str, list[Pair]]] = {}
        layers: dict[Group, dict[str, None]] = {}
        for pair in self.pairs:
            groups.setdefault(pair.place.group, {}).setdefault(pair.row.kernel, []).append(pair)
            layers.setdefault(pair.place.group, {})[pair.place.layer] = None
        sums = [
            _Sum(each, _left_out(each, layers[group])) for group, kernels in groups.items() for each in kernels.values()
        ]
        means = gain.means([one.matches for one in sums], self.known)
        wholes = gain.of_networks([one.matches if one.whole else [] for one in sums], self.known)
        return pd.DataFrame(
            [
                _total_record(one, self._rank(one.pairs[0]), whole, mean)
                for one, whole, mean in zip(sums, wholes, means, strict=True)
            ]
        )

    def totals_by_group(self) -> dict[Group, dict[str, Mapping[str, Any]]]:
        """Return the rows of :meth:`totals` as plain values, by group and kernel."""
        found: dict[Group, dict[str, Mapping[str, Any]]] = {}
        for row in self.totals().to_dict(orient="records"):
            found.setdefault(Group.of(row), {})[row["kernel"]] = {str(name): value for name, value in row.items()}
        return found

    def _rank(self, pair: Pair) -> int:
        return self.ranks[pair.place.group, pair.row.kernel]


def of(run: Run, baseline: str | None = None) -> Comparison:
    """Return the comparison of a run's kernels with a baseline.

    Parameters
    ----------
    run : Run
        Where it holds a case twice, the later row counts.
    baseline : str, optional
        The kernel to measure against; by default the fastest float32 kernel of each layer.

    Raises
    ------
    UserError
        If the run has no kernel named ``baseline``.
    NothingComparableError
        If no kernel was timed at the same place as a baseline.
    """
    of_run, rows_at = repeats.of(run), places.of_rows(run.rows)
    known = gain.Known(of_run, of_run)
    return Comparison(run, known, pairs.of(run, rows_at, baseline, known), ranking.of_groups(rows_at))


def speedups(run: Run, baseline: str | None = None, min_effect: float = verdict.MIN_EFFECT) -> pd.DataFrame:
    """Return the speedup of every kernel on every layer, a row each, in the order of the run.

    Parameters
    ----------
    run : Run
        Where it holds a case twice, the later row counts.
    baseline : str, optional
        The kernel to measure against; by default the fastest float32 kernel of each layer.
    min_effect : float
        The relative difference below which none counts; see :mod:`fatnn_bench.comparison.verdict`.

    Returns
    -------
    DataFrame
        ``platform, network, layer, m, n, k, count, scope, threads, case, kernel, precision, way, rank, status,
        reason, median_s, ci_low_s, ci_high_s, gmacs_per_s, baseline, baseline_status, baseline_s, speedup, low, high,
        verdict``. ``rank`` is that of :mod:`fatnn_bench.comparison.ranking`, 1 for the best way of a precision. ``low``
        and ``high`` are NaN where there are fewer than two samples; ``speedup`` too where either side has no time, and
        ``verdict`` is missing there.

    Raises
    ------
    UserError
        If the run has no kernel named ``baseline``.
    NothingComparableError
        If no kernel was timed at the same place as a baseline.
    """
    return of(run, baseline).speedups(min_effect)


def totals(run: Run, baseline: str | None = None) -> pd.DataFrame:
    """Return each network's time under each kernel, Σ count · median_s, and the geometric mean of its layers' speedups.

    Parameters
    ----------
    run : Run
        Where it holds a case twice, the later row counts.
    baseline : str, optional
        The kernel to measure against; by default the fastest float32 kernel of each layer.

    Returns
    -------
    DataFrame
        A row a network, scope, count of threads and kernel, times in seconds:
        ``platform, network, scope, threads, kernel, precision, way, rank, layers, left_out, total_s, baseline_total_s,
        speedup, low, high, geometric_mean, geometric_mean_low, geometric_mean_high``. ``left_out`` names the
        layers that lack a time for the kernel or its baseline. Where there are any, or where the shapes belong to no
        network, the total and its speedup are NaN. ``layers`` counts those in the mean.

    Raises
    ------
    UserError
        If the run has no kernel named ``baseline``.
    NothingComparableError
        If no kernel was timed at the same place as a baseline.
    """
    return of(run, baseline).totals()


def overall(total: Mapping[str, Any]) -> gain.Gain | None:
    """Return the gain that a row of :func:`totals` tells: of the whole network, or else of the mean of its layers."""
    for fields in (("speedup", "low", "high"), ("geometric_mean", "geometric_mean_low", "geometric_mean_high")):
        if pd.notna(total[fields[0]]):
            return gain.Gain(*(total[field] for field in fields))
    return None


def single_baseline(speedups: pd.DataFrame) -> str | None:
    """Return the kernel that every layer of a :func:`speedups` table has as its baseline; None if they differ."""
    used = list(speedups["baseline"].dropna().unique())
    return used[0] if len(used) == 1 else None


def baseline_words(single: str | None, chosen: str | None) -> str:
    """Return what the speedups are over, for a title: ``chosen`` is what the person asked for, if anything."""
    if chosen:
        return chosen
    return f"{single}, {FASTEST_FLOAT32}" if single else FASTEST_FLOAT32


def _speedup_record(pair: Pair, rank: int, speedup: gain.Gain, min_effect: float, floor: float) -> dict[str, Any]:
    place, row, base, match = pair
    return {
        "platform": place.platform,
        "network": place.network,
        "layer": place.layer,
        **{name: row.shape.get(name) for name in ("m", "n", "k")},
        "count": row.shape.get("count", 1),
        "scope": place.scope,
        "threads": place.threads,
        "case": row.case,
        **_kernel(row, rank),
        "status": row.status.value,
        "reason": row.reason,
        **{
            name: getattr(row, name) if row.timed else None
            for name in ("median_s", "ci_low_s", "ci_high_s", "gmacs_per_s")
        },
        "baseline": base.kernel if base else None,
        "baseline_status": base.status.value if base else None,
        "baseline_s": base.median_s if base else None,
        **speedup._asdict(),
        "verdict": verdict.of_rows(speedup, *match, min_effect, floor).value if match else None,
    }


def _kernel(row: Row, rank: int) -> dict[str, str | int | None]:
    return {"kernel": row.kernel, "precision": precisions.of(row), "way": row.way, "rank": rank}


def _left_out(pairs: Iterable[Pair], layers: Iterable[str]) -> list[str]:
    timed = {pair.place.layer for pair in pairs if pair.match}
    return [layer for layer in layers if layer not in timed]


def _total_record(one: _Sum, rank: int, whole: gain.Gain, mean: gain.Gain) -> dict[str, Any]:
    """One kernel on one network: the total where it is whole, and the mean of what there is."""
    time, base_time = gain.network_seconds(one.matches) if one.whole else (float("nan"), float("nan"))
    return {
        **one.pairs[0].place.group._asdict(),
        **_kernel(one.pairs[0].row, rank),
        "layers": len(one.matches),
        "left_out": one.left_out,
        "total_s": time,
        "baseline_total_s": base_time,
        **whole._asdict(),
        **{f"geometric_mean{end}": value for end, value in zip(("", "_low", "_high"), mean, strict=True)},
    }
