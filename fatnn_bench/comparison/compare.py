"""What was gained: the kernels of one run against a baseline kernel, layer by layer and over a network.

A *speedup* is the baseline's time over the kernel's: above 1 is faster. It comes with its 95% interval. Cases without a
time keep their status and reason, and never get a number. Nothing here does input or output. Run against run is
:mod:`fatnn_bench.comparison.compare_runs`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from fatnn_bench.comparison import baselines, gain, verdict
from fatnn_bench.comparison.baselines import Place
from fatnn_bench.comparison.kernels import kernels_of_rows, names
from fatnn_bench.errors import NothingComparableError, UserError
from fatnn_bench.records import repeats
from fatnn_bench.records.identity import layer_names
from fatnn_bench.records.repeats import Repeats
from fatnn_bench.records.run import Row, Run
from fatnn_bench.workload import precisions

__all__ = ["baseline_words", "overall", "single_baseline", "speedups", "totals"]

#: What the default baseline is called in titles and captions.
FASTEST_FLOAT32 = "the fastest float32 of each layer"


class _Pair(NamedTuple):
    """A row and the row it is measured against; None where no baseline was timed at that place."""

    place: Place
    row: Row
    baseline: Row | None

    @property
    def match(self) -> gain.Match | None:
        """The two of them, where both are timed."""
        return (self.row, self.baseline) if self.row.timed and self.baseline else None


class _Sum(NamedTuple):
    """A kernel on all layers of a network."""

    group: tuple[Any, ...]  #: the fields of their :class:`Place` but the layer
    pairs: list[_Pair]
    left_out: list[str]  #: layers without a time of the kernel or its baseline

    @property
    def matches(self) -> list[gain.Match]:
        return [match for pair in self.pairs if (match := pair.match)]

    @property
    def whole(self) -> bool:
        """Whether there is a total: batch sizes of a whole network are not its layers, and their times make no sum."""
        row = self.pairs[0].row
        return not self.left_out and row.network is not None and row.scope != "network"


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
        ``platform, network, layer, m, n, k, count, scope, threads, case, kernel, precision, way, status, reason,
        median_s, ci_low_s, ci_high_s, gmacs_per_s, baseline, baseline_status, baseline_s, speedup, low, high,
        verdict``. ``low`` and ``high`` are NaN where there are fewer than two samples; ``speedup`` too where either
        side has no time, and ``verdict`` is missing there.

    Raises
    ------
    UserError
        If the run has no kernel named ``baseline``.
    NothingComparableError
        If no kernel was timed at the same place as a baseline.
    """
    known = repeats.of(run)
    floor = repeats.floor(known) or 0.0
    pairs = _pairs(run, baseline, known)
    gains = gain.of_layers([pair.match for pair in pairs], (known, known))
    return pd.DataFrame(
        [_speedup_record(pair, speedup, min_effect, floor) for pair, speedup in zip(pairs, gains, strict=True)]
    )


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
        ``platform, network, scope, threads, kernel, precision, way, layers, left_out, total_s, baseline_total_s,
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
    groups: dict[tuple[Any, ...], dict[str, list[_Pair]]] = {}
    layers: dict[tuple[Any, ...], dict[str, None]] = {}
    known = repeats.of(run)
    for pair in _pairs(run, baseline, known):
        groups.setdefault(pair.place[:-1], {}).setdefault(pair.row.kernel, []).append(pair)
        layers.setdefault(pair.place[:-1], {})[pair.place.layer] = None
    sums = [
        _Sum(group, pairs, _left_out(pairs, layers[group]))
        for group, kernels in groups.items()
        for pairs in kernels.values()
    ]
    means = gain.means([one.matches for one in sums], (known, known))
    wholes = gain.of_networks([one.matches if one.whole else [] for one in sums], (known, known))
    return pd.DataFrame([_total_record(*each) for each in zip(sums, wholes, means, strict=True)])


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


def _pairs(run: Run, baseline: str | None, known: Repeats) -> list[_Pair]:
    """Every row of the run with its baseline."""
    places: dict[Place, dict[str, Row]] = {}
    for row, layer in zip(run.rows, layer_names(run.rows), strict=True):
        place = Place(row.platform, row.network, row.scope, row.threads, layer)
        places.setdefault(place, {})[row.kernel] = row
    kernels = names(kernels_of_rows(run.rows))
    if baseline is not None and baseline not in kernels:
        there = ", ".join(kernels) or "none"
        raise UserError(f"{_name(run)} has no kernel {baseline!r} to be the baseline; its kernels are {there}")
    found = baselines.of({place: list(rows.values()) for place, rows in places.items()}, baseline, known)
    pairs = [_Pair(place, row, found[place]) for place, rows in places.items() for row in rows.values()]
    if not any(pair.row.timed and pair.baseline and pair.row is not pair.baseline for pair in pairs):
        raise NothingComparableError(_nothing(run, baseline))
    return pairs


def _nothing(run: Run, baseline: str | None) -> str:
    timed = names(kernels_of_rows(row for row in run.rows if row.timed))
    if not timed:
        return (
            f"{_name(run)} holds no time in its {len(run.rows)} rows, so there is nothing to compare; "
            "`fatnn-bench show` prints why"
        )
    against = baseline or "a float32 kernel"
    return (
        f"{_name(run)} holds nothing to compare: no layer has a time for {against} and for another kernel; "
        f"timed were {', '.join(timed)}; choose one of them with --baseline, or run the missing kernels as well"
    )


def _name(run: Run) -> str:
    return run.source or "the run"


def _speedup_record(pair: _Pair, speedup: gain.Gain, min_effect: float, floor: float) -> dict[str, Any]:
    place, row, base = pair
    return {
        "platform": place.platform,
        "network": place.network,
        "layer": place.layer,
        **{name: row.shape.get(name) for name in ("m", "n", "k")},
        "count": row.shape.get("count", 1),
        "scope": place.scope,
        "threads": place.threads,
        "case": row.case,
        **_kernel(row),
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
        "verdict": verdict.of_rows(speedup, *pair.match, min_effect, floor).value if pair.match else None,
    }


def _kernel(row: Row) -> dict[str, str | None]:
    return {"kernel": row.kernel, "precision": precisions.of(row), "way": row.way}


def _left_out(pairs: Iterable[_Pair], layers: Iterable[str]) -> list[str]:
    timed = {pair.place.layer for pair in pairs if pair.match}
    return [layer for layer in layers if layer not in timed]


def _total_record(one: _Sum, whole: gain.Gain, mean: gain.Gain) -> dict[str, Any]:
    """One kernel on one network: the total where it is whole, and the mean of what there is."""
    time, base_time = gain.network_seconds(one.matches) if one.whole else (float("nan"), float("nan"))
    return {
        **dict(zip(Place._fields, one.group, strict=False)),
        **_kernel(one.pairs[0].row),
        "layers": len(one.matches),
        "left_out": one.left_out,
        "total_s": time,
        "baseline_total_s": base_time,
        **whole._asdict(),
        **{f"geometric_mean{end}": value for end, value in zip(("", "_low", "_high"), mean, strict=True)},
    }
