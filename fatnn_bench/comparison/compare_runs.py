"""What changed: several runs against the first of them, case by case.

A speedup above 1 means that a case is faster than in the first run; whether that is sure, its verdict says. A case
that a run lacks is listed as absent, one that is of another shape there as that, and one without a time keeps its
status and reason. Nothing here does input or output.
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

import pandas as pd

from fatnn_bench import machine
from fatnn_bench.comparison import gain, same_code, verdict
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.records import repeats
from fatnn_bench.records.identity import Key, difference, key
from fatnn_bench.records.provenance import recorded
from fatnn_bench.records.run import Row, Run

__all__ = [
    "ABSENT",
    "KEY",
    "OTHER_SHAPE",
    "differing_machines",
    "labels",
    "means",
    "named",
    "ratios",
    "same_code_notice",
]

#: Stands for a status where a run does not hold the case.
ABSENT = "absent"
#: Stands for a status where what a run calls the case is another shape than in the first: no comparison of the two.
OTHER_SHAPE = "another shape"
#: The columns of :func:`ratios` that tell cases apart; see :mod:`fatnn_bench.records.identity`.
KEY = ("platform", "case", "kernel", "network", "layer")


def ratios(runs: Sequence[Run], min_effect: float = verdict.MIN_EFFECT) -> pd.DataFrame:
    """Return the speedup of every case in every run over the same case in the first run.

    Parameters
    ----------
    runs : sequence of Run
        At least two. Where one holds a case twice, the later row counts.
    min_effect : float
        The relative difference below which none counts; see :mod:`fatnn_bench.comparison.verdict`.

    Returns
    -------
    DataFrame
        A row a case and run but the first: ``platform, network, layer, scope, threads, case, kernel, run,
        status, reason, median_s, baseline, baseline_status, baseline_reason, baseline_s, speedup, low, high,
        verdict, same_code, floor, least_effect``. ``run`` and ``baseline`` are :func:`labels`; a status is
        ``absent`` where a run lacks the case, ``another shape`` where its shape is not the first run's, and
        ``verdict`` is missing where there is no speedup. Cases come in the order of the first run, then those that
        only others hold.

    Raises
    ------
    NothingComparableError
        If no run shares a timed case with the first.
    """
    names, by_key, known = labels(runs), _by_key(runs), [repeats.of(run) for run in runs]
    records = []
    for i in range(1, len(runs)):
        floor = repeats.floor_between(known[0], known[i]) or 0.0
        effects = {"floor": floor, "least_effect": max(min_effect, floor)}
        aligned = list(_aligned(by_key, i))
        matches = [_match(*rows) for rows in aligned]
        for rows, match, speedup in zip(
            aligned, matches, gain.of_layers(matches, gain.Known(known[i], known[0])), strict=True
        ):
            word = verdict.of_rows(speedup, *match, min_effect, floor).value if match else None
            found = {**speedup._asdict(), "verdict": word, "same_code": same_code.unchanged(*rows), **effects}
            records.append(_record(names[0], names[i], *rows) | found)
    table = pd.DataFrame(records)
    if not records or table["speedup"].isna().all():
        raise NothingComparableError(_nothing(runs, names))
    return table


def means(runs: Sequence[Run]) -> pd.DataFrame:
    """Return the geometric mean of each run's speedups over the first, with its interval.

    The columns are ``run, baseline, cases, left_out, speedup, low, high``. ``cases`` counts those in the mean,
    ``left_out`` those without a time in either run, or of another shape.
    """
    (baseline, *names), by_key = labels(runs), _by_key(runs)
    aligned = [list(_aligned(by_key, i)) for i in range(1, len(runs))]
    matches = [[match for rows in one if (match := _match(*rows))] for one in aligned]
    known = [repeats.of(run) for run in runs]
    found = [gain.means([cases], gain.Known(known[i], known[0]))[0] for i, cases in enumerate(matches, start=1)]
    return pd.DataFrame(
        [
            {"run": name, "baseline": baseline, "cases": len(cases), "left_out": len(every) - len(cases)}
            | mean._asdict()
            for name, every, cases, mean in zip(names, aligned, matches, found, strict=True)
        ]
    )


def labels(runs: Sequence[Run]) -> list[str]:
    """Return the shortest names that tell the runs apart: platform, file name, both, or a number."""
    platforms = [run.header.platform for run in runs]
    stems = [PurePath(recorded(run.source)).stem for run in runs]
    both = [f"{platform}/{stem}" for platform, stem in zip(platforms, stems, strict=True)]
    numbers = [f"run {i}" for i in range(1, len(runs) + 1)]
    return next(names for names in (platforms, stems, both, numbers) if all(names) and len(set(names)) == len(names))


def differing_machines(runs: Sequence[Run]) -> str:
    """Return in what the machines of the runs differ, as ``memory_gib is 16 in a and 32 in b``; empty if in nothing.

    What a file does not tell of its machine differs from nothing.
    """
    names = labels(runs)
    first = machine.identity(runs[0].header.machine)
    differences = []
    for name, run in zip(names[1:], runs[1:], strict=True):
        for field, value in machine.identity(run.header.machine).items():
            if None not in (value, first[field]) and value != first[field]:
                differences.append(f"{field} is {first[field]} in {names[0]} and {value} in {name}")
    return "; ".join(differences)


def named(case: dict[Any, Any]) -> str:
    """Return what a row of :func:`ratios` is about: its case, and its platform where the files hold several."""
    return f"{case['case']} {case['platform']}" if isinstance(case["platform"], str) else str(case["case"])


def _by_key(runs: Sequence[Run]) -> list[dict[Key, Row]]:
    """The rows of each run that count, by what they are called."""
    return [{key(row): row for row in run.rows} for run in runs]


def same_code_notice(table: pd.DataFrame) -> str:
    """Return what to say of cases of :func:`ratios` that differ although their hot loop does not; empty if none do."""
    different = table["verdict"].isin([verdict.Verdict.FASTER, verdict.Verdict.SLOWER])
    cases = list(table[different & table["same_code"]]["case"])
    if not cases:
        return ""
    more = f" and {len(cases) - 1} more" if len(cases) > 1 else ""
    return (
        f"same code: {cases[0]}{more} differ in time, and not in their hot loop; look for what changed around it, "
        "or on the machine"
    )


def _aligned(by_key: Sequence[dict[Key, Row]], i: int) -> Iterator[tuple[Row | None, Row | None]]:
    """Each case that run i or the first holds: its row in run i, and in the first."""
    for name in {**by_key[0], **by_key[i]}:
        yield by_key[i].get(name), by_key[0].get(name)


def _match(row: Row | None, base: Row | None) -> gain.Match | None:
    """The two, where both are timed, and of one shape."""
    if row and base and row.timed and base.timed and difference(row.shape, base.shape) is None:
        return row, base
    return None


def _record(baseline: str, run: str, row: Row | None, base: Row | None) -> dict[str, Any]:
    case = row or base
    assert case is not None
    return {
        "platform": case.platform,
        "network": case.network,
        "layer": case.shape["name"],
        "scope": case.scope,
        "threads": case.threads,
        "case": case.case,
        "kernel": case.kernel,
        "run": run,
        **_now(row, base, baseline),
        "baseline": baseline,
        "baseline_status": base.status.value if base else ABSENT,
        "baseline_reason": base.reason if base else "",
        "baseline_s": base.median_s if base and base.timed else None,
    }


def _now(row: Row | None, base: Row | None, baseline: str) -> dict[str, Any]:
    """What a later run has of a case; of another shape, a time is none of the case."""
    if row is None:
        return {"status": ABSENT, "reason": "", "median_s": None}
    if row.timed and base and (found := difference(row.shape, base.shape)):
        name, here, there = found
        return {"status": OTHER_SHAPE, "reason": f"{name} is {here}, and {there} in {baseline}", "median_s": None}
    return {"status": row.status.value, "reason": row.reason, "median_s": row.median_s if row.timed else None}


def _nothing(runs: Sequence[Run], names: Sequence[str]) -> str:
    timed = [[row.case for row in run.rows if row.timed] for run in runs]
    examples = "; ".join(
        f"{name} holds {len(cases)}{f', such as {cases[0]}' if cases else ''}"
        for name, cases in zip(names, timed, strict=True)
    )
    return (
        "these runs have no timed case in common, so there is nothing to compare; a case is the same when kernel, "
        f"layer and all its sizes, scope and threads are; timed cases: {examples}"
    )
