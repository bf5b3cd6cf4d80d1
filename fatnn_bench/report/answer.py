"""The answer first: what low-bit arithmetic gains on a network, in a sentence."""

from collections.abc import Iterator
from typing import Any, cast

import pandas as pd

from fatnn_bench.comparison import compare
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.errors import UserError
from fatnn_bench.results import provenance
from fatnn_bench.results.records import Run

__all__ = ["sentences"]

#: The kernels that an answer may be about, the first there is; and those it is compared with after float32.
_SUBJECTS = ("ternary-fatnn", "ternary-gated-xnor", "ternary-naive", "two-bit", "binary", "int8")
_OTHERS = ("two-bit", "int8")
_WORDS = {"ternary-fatnn": "FATNN's ternary product", "two-bit": "2-bit", "float32": "float32"}


def sentences(run: Run) -> Iterator[str]:
    """Yield a sentence a network, scope and number of threads; none of a run that has no float32 to compare with."""
    try:
        overall = compare.totals(run)
    except UserError:
        return
    for _, place in overall.groupby(["platform", "network", "scope", "threads"], sort=False, dropna=False):
        gains = {row["kernel"]: row for row in cast(list[dict[str, Any]], place.to_dict(orient="records"))}
        subject = next((kernel for kernel in _SUBJECTS if kernel in gains and compare.overall(gains[kernel])), None)
        if subject is not None:
            yield _sentence(run, subject, gains[subject])


def _sentence(run: Run, subject: str, row: dict[str, Any]) -> str:
    gain = compare.overall(row)
    assert gain is not None
    whole = pd.notna(row["speedup"])
    network = row["network"] if isinstance(row["network"], str) else "these GEMMs"
    work = f"all layers of {network}" if whole else f"{row['layers']} layers of {network}, by their geometric mean"
    gains = [f"{_faster(gain)} the best float32"]
    gains += [f"{_faster(over)} {_WORDS.get(other, other)}" for other, over in _over_others(run, subject, row)]
    where = provenance.place(row["scope"], row["threads"])
    return (
        f"On {provenance.machine_name(run.header.machine)}, {_WORDS.get(subject, subject)} runs {work} "
        f"{', '.join(gains)} ({where})."
    )


def _faster(gain: Gain) -> str:
    return f"{gain} faster than" if gain.speedup > 1 else f"{gain} as fast as"


def _over_others(run: Run, subject: str, row: dict[str, Any]) -> Iterator[tuple[str, Gain]]:
    for other in _OTHERS:
        if other == subject:
            continue
        try:
            table = compare.totals(run, other)
        except UserError:
            continue
        same = (table["kernel"] == subject) & (table["scope"] == row["scope"]) & (table["threads"] == row["threads"])
        for name in ("network", "platform"):
            same &= table[name].isna() if pd.isna(row[name]) else table[name] == row[name]
        for found in cast(list[dict[str, Any]], table[same].to_dict(orient="records")):
            if gain := compare.overall(found):
                yield other, gain
