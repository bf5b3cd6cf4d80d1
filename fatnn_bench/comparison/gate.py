"""What a comparison of runs means to a script: the exit code, and a sentence for each reason. It prints nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fatnn_bench.comparison.compare_runs import OTHER_SHAPE, named
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.comparison.verdict import Verdict, slower_by
from fatnn_bench.errors import Exit
from fatnn_bench.records.run import Status

__all__ = ["Ruling", "rule"]

#: Cases that a sentence names; the others are counted.
_NAMED = 3


@dataclass(frozen=True)
class Ruling:
    """How a gate ends."""

    code: Exit
    reasons: tuple[str, ...]  #: the one that decided the code first
    warnings: tuple[str, ...] = ()  #: what may be a regression, and decided nothing


def rule(ratios: pd.DataFrame, limit: float | None = None, strict: bool = False) -> Ruling:
    """Return what a table of :func:`fatnn_bench.comparison.compare_runs.ratios` means.

    Parameters
    ----------
    ratios
        A row a case and run.
    limit
        The slow-down, 0.05 for 5%, from which a case that is SLOWER is a regression. One that was timed in the first
        run and is wrong or broken now is none, and worse. None looks for neither.
    strict
        Whether it is a fault too that noise may hide a regression; without a limit, that any case is UNCLEAR; and that
        a case which was timed in the first run cannot be told about, for it has no time now, or is of another shape.
        If it is none, such a case is a warning, and so is one that measured slower by the limit and is UNCLEAR, as a
        MISTRUSTED one is.
    """
    findings: list[tuple[Exit, str, pd.DataFrame]] = []
    if limit is not None:
        findings += [
            (Exit.WRONG_RESULT, "timed in the first run, and wrong now", _broken(ratios, Status.FAILED)),
            (Exit.ERROR, "timed in the first run, and broken now", _broken(ratios, Status.ERROR)),
            (Exit.REGRESSION, f"slower by {100 * limit:.4g}% or more", _slower(ratios, limit)),
        ]
    lost = list(_lost(ratios, told=(Status.FAILED, Status.ERROR) if limit is not None else ()))
    if strict:
        hidden = "where noise may hide that much" if limit is not None else "too noisy to tell"
        findings.append((Exit.TOO_NOISY, hidden, _hidden(ratios, limit)))
        findings += [(Exit.TOO_NOISY, what, cases) for what, cases in lost]
    found = [(code, f"{_listed(cases)}: {what}") for code, what, cases in findings if len(cases)]
    warnings = [] if strict else [f"{_listed(cases)}: {what}" for what, cases in lost if len(cases)]
    if limit is not None and not strict:
        warnings += _warnings(ratios, limit)
    return Ruling(found[0][0] if found else Exit.FINE, tuple(sentence for _, sentence in found), tuple(warnings))


def _lost(ratios: pd.DataFrame, told: Sequence[Status]) -> Iterator[tuple[str, pd.DataFrame]]:
    """What the cases are that were timed in the first run and cannot be compared, but those of statuses told."""
    lost = ratios[ratios["baseline_s"].notna() & ratios["median_s"].isna() & ~ratios["status"].isin(told)]
    reshaped = lost["status"] == OTHER_SHAPE
    yield "of another shape than in the first run, and not compared", lost[reshaped]
    yield "timed in the first run, and not timed now", lost[~reshaped]


def _warnings(ratios: pd.DataFrame, limit: float) -> Iterator[str]:
    """Sentences on the cases that measured slower by the limit, and cannot be believed."""
    slow = ratios[(ratios["verdict"] == Verdict.UNCLEAR) & (ratios["speedup"].map(slower_by) >= limit)]
    mistrusted = (slow[["status", "baseline_status"]] == Status.MISTRUSTED).any(axis=1)
    for why, cases in (
        ("noise hides whether it is", slow[~mistrusted]),
        ("a time of it is MISTRUSTED", slow[mistrusted]),
    ):
        if len(cases):
            yield (
                f"{_listed(cases)}: measured slower by {100 * limit:.4g}% or more, but {why}; "
                "measure again, or let --strict exit with 6"
            )


def _broken(ratios: pd.DataFrame, status: Status) -> pd.DataFrame:
    return ratios[(ratios["status"] == status) & ratios["baseline_s"].notna()]


def _slower(ratios: pd.DataFrame, limit: float) -> pd.DataFrame:
    return ratios[(ratios["verdict"] == Verdict.SLOWER) & (ratios["speedup"].map(slower_by) >= limit)]


def _hidden(ratios: pd.DataFrame, limit: float | None) -> pd.DataFrame:
    unclear = ratios[ratios["verdict"] == Verdict.UNCLEAR]
    if limit is None:
        return unclear
    low = unclear["low"]
    return unclear[low.isna() | (low.map(slower_by) >= limit) | (unclear["least_effect"] > limit)]


def _listed(cases: pd.DataFrame) -> str:
    """The first cases with their gains, and how many more there are."""
    first: list[dict[Any, Any]] = cases.head(_NAMED).to_dict(orient="records")
    names = [_named(case) for case in first]
    more = [f"{len(cases) - _NAMED} more"] if len(cases) > _NAMED else []
    return ", ".join([*names, *more])


def _named(case: dict[Any, Any]) -> str:
    gain = "" if pd.isna(case["speedup"]) else f" {Gain(case['speedup'], case['low'], case['high'])}"
    status = "" if gain else f" ({case['reason'] if case['status'] == OTHER_SHAPE else case['status']})"
    return f"{named(case)}{gain}{status}"
