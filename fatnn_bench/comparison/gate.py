"""What a comparison of runs means to a script: the exit code, and a sentence for each reason. It prints nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fatnn_bench.comparison.gain import Gain
from fatnn_bench.comparison.verdict import Verdict, slower_by
from fatnn_bench.errors import Exit
from fatnn_bench.results.records import Status

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
        Whether it is a fault too that noise may hide a regression; without a limit, that any case is UNCLEAR. If it
        is none, a case that measured slower by the limit and is UNCLEAR, as a MISTRUSTED one is, is a warning.
    """
    cases: list[dict[str, Any]] = [{str(k): v for k, v in case.items()} for case in ratios.to_dict(orient="records")]
    findings: list[tuple[Exit, str, list[str]]] = []
    if limit is not None:
        findings += [
            (Exit.WRONG_RESULT, "timed in the first run, and wrong now", _broken(cases, Status.FAILED)),
            (Exit.ERROR, "timed in the first run, and broken now", _broken(cases, Status.ERROR)),
            (Exit.REGRESSION, f"slower by {100 * limit:.4g}% or more", _slower(cases, limit)),
        ]
    if strict:
        hidden = "where noise may hide that much" if limit is not None else "too noisy to tell"
        findings.append((Exit.TOO_NOISY, hidden, _hidden(cases, limit)))
    found = [(code, f"{_listed(names)}: {what}") for code, what, names in findings if names]
    warnings = [] if limit is None or strict else _warnings(cases, limit)
    return Ruling(found[0][0] if found else Exit.FINE, tuple(sentence for _, sentence in found), tuple(warnings))


def _warnings(cases: Sequence[dict[str, Any]], limit: float) -> Iterator[str]:
    """Sentences on the cases that measured slower by the limit, and cannot be believed."""
    slow = [case for case in cases if case["verdict"] == Verdict.UNCLEAR and slower_by(case["speedup"]) >= limit]
    doubtful = [_is_mistrusted(case) for case in slow]
    reasons = ("noise hides whether it is", False), ("a time of it is MISTRUSTED", True)
    for why, mistrusted in reasons:
        names = [_named(case) for case, is_so in zip(slow, doubtful, strict=True) if is_so is mistrusted]
        if names:
            yield (
                f"{_listed(names)}: measured slower by {100 * limit:.4g}% or more, but {why}; "
                "measure again, or let --strict exit with 6"
            )


def _is_mistrusted(case: dict[str, Any]) -> bool:
    return Status.MISTRUSTED in (case["status"], case["baseline_status"])


def _broken(cases: Sequence[dict[str, Any]], status: Status) -> list[str]:
    return [case["case"] for case in cases if case["status"] == status and pd.notna(case["baseline_s"])]


def _slower(cases: Sequence[dict[str, Any]], limit: float) -> list[str]:
    return [_named(case) for case in cases if _regressed(case, limit)]


def _hidden(cases: Sequence[dict[str, Any]], limit: float | None) -> list[str]:
    unclear = [case for case in cases if case["verdict"] == Verdict.UNCLEAR]
    return [_named(case) for case in unclear if limit is None or _may_be_slower(case, limit)]


def _may_be_slower(case: dict[str, Any], limit: float) -> bool:
    return bool(pd.isna(case["low"]) or slower_by(case["low"]) >= limit or case["least_effect"] > limit)


def _regressed(case: dict[str, Any], limit: float) -> bool:
    return bool(case["verdict"] == Verdict.SLOWER and slower_by(case["speedup"]) >= limit)


def _named(case: dict[str, Any]) -> str:
    return f"{case['case']} {Gain(case['speedup'], case['low'], case['high'])}"


def _listed(names: Sequence[str]) -> str:
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return ", ".join([*names[:_NAMED], *more])
