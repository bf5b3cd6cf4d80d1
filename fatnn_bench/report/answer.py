"""The answer first: what a precision gains on a network, in which way, and whether another is faster.

It is about ternary, or the first of two bits, binary and int8 that was measured. A precision is computed in its best
way (:mod:`fatnn_bench.comparison.ranking`), and the others are named with what they gain.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fatnn_bench.comparison import compare, ways
from fatnn_bench.comparison.compare import Comparison
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.comparison.places import Group
from fatnn_bench.document import number
from fatnn_bench.errors import UserError
from fatnn_bench.records import provenance
from fatnn_bench.records.run import Run
from fatnn_bench.workload import precisions
from fatnn_bench.workload import ways as vocabulary
from fatnn_bench.workload.precisions import BINARY, FLOAT32, INT8, TERNARY, TWO_BIT

__all__ = ["sentences"]

#: The precisions that an answer may be about, the first there is.
_SUBJECTS = (TERNARY, TWO_BIT, BINARY, INT8)


@dataclass(frozen=True)
class _Other:
    """The best way of another precision than the subject's, beside it."""

    row: Mapping[str, Any]  #: of the totals over float32
    over: Gain  #: its gain over the subject

    @property
    def under(self) -> Gain:
        """The subject's gain over it."""
        return Gain(1 / self.over.speedup, 1 / self.over.high, 1 / self.over.low)


def sentences(run: Run) -> Iterator[str]:
    """Yield a paragraph a network, scope and number of threads; none of a run without float32 to compare with."""
    try:
        comparison = compare.of(run)
    except UserError:
        return
    exceptions = ways.exceptions(comparison)
    for group, by_kernel in comparison.totals_by_group().items():
        rows = list(by_kernel.values())
        subject = next((best for precision in _SUBJECTS if (best := _best(rows, precision))), None)
        if subject is not None:
            others = list(_others(comparison, group, rows, subject))
            yield " ".join(_paragraph(run, rows, subject, others, exceptions.get(group, [])))


def _best(rows: Sequence[Mapping[str, Any]], precision: str) -> Mapping[str, Any] | None:
    """The best way of a precision, if it has a time."""
    best = (row for row in rows if row["precision"] == precision and row["rank"] == 1)
    return next((row for row in best if compare.overall(row)), None)


def _others(
    comparison: Comparison, group: Group, rows: Sequence[Mapping[str, Any]], subject: Mapping[str, Any]
) -> Iterator[_Other]:
    """The other precisions but float32, from the fewest bits to the most."""
    try:
        beside = comparison.over(subject["kernel"]).totals_by_group().get(group, {})
    except UserError:
        return
    for precision in reversed([one.name for one in precisions.PRECISIONS]):
        best = _best(rows, precision) if precision not in (FLOAT32, subject["precision"]) else None
        if best and (over := compare.overall(beside[best["kernel"]])):
            yield _Other(best, over)


def _paragraph(
    run: Run,
    rows: Sequence[Mapping[str, Any]],
    subject: Mapping[str, Any],
    others: Sequence[_Other],
    exceptions: Sequence[ways.Exceptions],
) -> Iterator[str]:
    gain = compare.overall(subject)
    assert gain is not None  # it is a best way
    bits = _bits(subject)
    alike = [other for other in others if _bits(other.row) >= bits]
    said = [f"{_faster(gain)} the best float32", *(_beside(other) for other in alike if not other.over.low > 1)]
    where = provenance.place(subject["scope"], subject["threads"])
    machine = provenance.machine_name(run.header.machine)
    yield f"On {machine}, {_words(subject)} runs {_work(subject)} {', '.join(said)} ({where})."
    if told := [f"{number(other.speedup)}× {_how(row)}" for row, other in _other_ways(rows, subject)]:
        yield f"In its other ways it gains {', '.join(told)}."
    yield from (f"Not on every layer: {each}." for each in exceptions if each.best == subject["kernel"])
    if faster := [other for other in alike if other.over.low > 1]:
        yield _faster_than(subject, faster)
    if fewer := [other for other in others if _bits(other.row) < bits and other.over.low > 1]:
        yield f"Fewer bits gain more: {', '.join(f'{_words(each.row)} {compare.overall(each.row)}' for each in fewer)}."


def _work(row: Mapping[str, Any]) -> str:
    network = row["network"] if isinstance(row["network"], str) else "these GEMMs"
    whole = pd.notna(row["speedup"])
    layers = f"{row['layers']} layer{'' if row['layers'] == 1 else 's'}"
    return f"all layers of {network}" if whole else f"{layers} of {network}, by their geometric mean"


def _faster(gain: Gain) -> str:
    return f"{gain} faster than" if gain.speedup > 1 else f"{gain} as fast as"


def _beside(other: _Other) -> str:
    """What the subject gains over another, or that nobody can tell."""
    if other.over.high < 1:
        return f"{other.under} faster than {_words(other.row)}"
    return f"as fast as {_words(other.row)} as far as anyone can tell ({other.under})"


def _faster_than(subject: Mapping[str, Any], faster: Sequence[_Other]) -> str:
    """That precisions of as many bits, or more, are faster here."""
    name, bits = precisions.words(subject["precision"]), _bits(subject)
    told = ", ".join(f"{_words(other.row)} {other.over}" for other in faster)
    least = min(_bits(other.row) for other in faster)
    memory = f"; beside {'it' if len(faster) == 1 else 'them'}, {name} gains memory, {bits} bits a weight, and no time"
    return f"Faster than {name} here: {told}{memory if least > bits else ''}."


def _other_ways(
    rows: Sequence[Mapping[str, Any]], subject: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], Gain]]:
    """The best kernel of each other way of the subject's precision, with its gain over float32."""
    told = {subject["way"]}
    alike = [row for row in rows if row["precision"] == subject["precision"]]
    for row in sorted(alike, key=lambda row: row["rank"]):
        if row["way"] not in told and (gain := compare.overall(row)):
            told.add(row["way"])
            yield row, gain


def _bits(row: Mapping[str, Any]) -> int:
    return precisions.get(row["precision"]).weight_bits


def _words(row: Mapping[str, Any]) -> str:
    """A precision, with its way, and the kernel where its name says more."""
    return " ".join(filter(None, [precisions.words(row["precision"]), _how(row)]))


def _how(row: Mapping[str, Any]) -> str:
    kernel = "" if row["kernel"] == row["precision"] else f"({row['kernel']})"
    way = row["way"] if isinstance(row["way"], str) else None
    return " ".join(filter(None, [vocabulary.words(way), kernel]))
