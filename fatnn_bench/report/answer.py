"""The answer first: what low-bit arithmetic gains on a network, in a sentence."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pandas as pd

from fatnn_bench.comparison import compare
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.errors import UserError
from fatnn_bench.records import provenance
from fatnn_bench.records.run import Run
from fatnn_bench.workload import precisions
from fatnn_bench.workload.precisions import BINARY, INT8, TERNARY, TWO_BIT

__all__ = ["sentences"]

#: The precisions that an answer may be about, the first there is; and those it is compared with after float32.
_SUBJECTS = (TERNARY, TWO_BIT, BINARY, INT8)
_OTHERS = (TWO_BIT, INT8)


def sentences(run: Run) -> Iterator[str]:
    """Yield a sentence a network, scope and number of threads; none of a run that has no float32 to compare with."""
    try:
        overall = compare.totals(run)
    except UserError:
        return
    for _, place in overall.groupby(["platform", "network", "scope", "threads"], sort=False, dropna=False):
        gains = {row["kernel"]: row for row in cast(list[dict[str, Any]], place.to_dict(orient="records"))}
        subject = next((best for precision in _SUBJECTS if (best := _best(gains, precision))), None)
        if subject is not None:
            yield _sentence(run, subject, gains)


def _best(gains: Mapping[str, dict[str, Any]], precision: str) -> str | None:
    """The suite's own kernel of a precision that gains the most."""
    own = {
        kernel: gain.speedup
        for kernel, row in gains.items()
        if "." not in kernel and row["precision"] == precision and (gain := compare.overall(row))
    }
    return max(own, key=own.__getitem__, default=None)


def _sentence(run: Run, subject: str, gains_of: Mapping[str, dict[str, Any]]) -> str:
    row = gains_of[subject]
    gain = compare.overall(row)
    assert gain is not None
    whole = pd.notna(row["speedup"])
    network = row["network"] if isinstance(row["network"], str) else "these GEMMs"
    work = f"all layers of {network}" if whole else f"{row['layers']} layers of {network}, by their geometric mean"
    gains = [f"{_faster(gain)} the best float32"]
    gains += [f"{_faster(over)} {_words(gains_of[other])}" for other, over in _over_others(run, subject, gains_of)]
    where = provenance.place(row["scope"], row["threads"])
    return f"On {provenance.machine_name(run.header.machine)}, {_words(row)} runs {work} {', '.join(gains)} ({where})."


def _faster(gain: Gain) -> str:
    return f"{gain} faster than" if gain.speedup > 1 else f"{gain} as fast as"


def _words(row: Mapping[str, Any]) -> str:
    """The precision of a kernel, and the kernel where its name says more."""
    kernel, precision = row["kernel"], row["precision"]
    return precisions.words(precision) + ("" if kernel == precision else f" ({kernel})")


def _over_others(run: Run, subject: str, gains: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, Gain]]:
    row = gains[subject]
    for other in [_best(gains, precision) for precision in _OTHERS]:
        if other is None or other == subject:
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
