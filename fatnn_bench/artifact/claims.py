"""Claims that a run can be held to, such as ``ternary-fatnn ≥ 1.8× two-bit on resnet18, layer, native``.

A claim names a kernel, a factor, what it is faster than (a kernel, or ``best float32``), a network, a scope and a
platform. It is about the whole network, Σ count × time, or the geometric mean of the layers that have times where the
network is not whole. It passes if the gain is at least the factor, and is *unsure* where its 95% interval reaches
below. ``claims.yaml`` is a list of them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self, cast

from pydantic import Field, TypeAdapter

from fatnn_bench.comparison import compare
from fatnn_bench.comparison.gain import Gain
from fatnn_bench.comparison.kernels import kernels_of_rows
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate, yamlfile
from fatnn_bench.records.run import Run
from fatnn_bench.workload import precisions

__all__ = ["Claim", "Outcome", "Ruling", "judge", "of_runs", "read"]

BEST_FLOAT32 = "best float32"
#: What is claimed of a run where nobody claims anything: this much of the low end of what was measured.
_SHARE = 0.9
#: Words end at the next sign, so that no text makes the expression try and try again.
_CLAIM = re.compile(
    r"(?P<kernel>[^\s≥>]+)\s*(?:≥|>=)\s*(?P<factor>[0-9]{1,9}(?:\.[0-9]{1,9})?)\s*[×x]?\s*(?P<over>best float32|\S+)"
    r"\s+on\s+(?P<network>[^\s,]+),\s*(?P<scope>[^\s,]+),\s*(?P<platform>\S+)"
)
_FILE = TypeAdapter(Annotated[list[gate.Text], Field(max_length=1000)])


class Ruling(StrEnum):
    """What became of a claim."""

    PASS = "PASS"
    UNSURE = "UNSURE"  #: the gain is there, and the noise reaches below it
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"  #: nothing was measured that could tell


@dataclass(frozen=True)
class Claim:
    """A kernel is so many times faster than another."""

    kernel: str
    factor: float
    over: str  #: a kernel, or BEST_FLOAT32
    network: str
    scope: str
    platform: str

    @classmethod
    def parse(cls, text: str, source: str = "the claim") -> Self:
        """Return the claim that a sentence makes. Raises UserError if it makes none."""
        found = _CLAIM.fullmatch(text.strip())
        if found is None:
            raise UserError(
                f"{source}: {gate.brief(text)} is no claim; expected one such as "
                "'ternary-fatnn ≥ 1.8× two-bit on resnet18, layer, native'"
            )
        fields: dict[str, Any] = found.groupdict() | {"factor": float(found["factor"])}
        return cls(**fields)

    def __str__(self) -> str:
        return f"{self.kernel} ≥ {self.factor:g}× {self.over} on {self.network}, {self.scope}, {self.platform}"


@dataclass(frozen=True)
class Outcome:
    """A claim, what was measured, and whether that bears it out."""

    claim: Claim
    gain: Gain | None
    ruling: Ruling


def read(path: Path) -> list[Claim]:
    """Return the claims of a YAML file, a list of sentences. Raises UserError if it is wrong."""
    return parsed(yamlfile.read(path), str(path))


def parsed(text: str, path: str) -> list[Claim]:
    """Return the claims that the text of a YAML file of this name makes; see :func:`read`."""
    return [Claim.parse(claim, path) for claim in yamlfile.parsed(text, _FILE, path)]


def judge(claims: Sequence[Claim], runs: Sequence[Run]) -> list[Outcome]:
    """Return what the runs say to each claim."""
    return [_judged(claim, runs) for claim in claims]


def of_runs(runs: Sequence[Run]) -> Iterator[Claim]:
    """Yield what the runs bear out: each kernel over the best float32 and over 2-bit ones, with room for noise."""
    for run in runs:
        two_bit = [kernel.name for kernel in kernels_of_rows(run.rows) if kernel.precision == precisions.TWO_BIT]
        for over in (BEST_FLOAT32, *two_bit):
            for row in _totals(run, over):
                gain = compare.overall(row)
                claimed = isinstance(row["network"], str) and row["precision"] != precisions.FLOAT32
                if claimed and gain is not None and gain.low > 1 / _SHARE:
                    factor = int(gain.low * _SHARE * 100) / 100
                    yield Claim(row["kernel"], factor, over, row["network"], row["scope"], run.header.platform)


def _judged(claim: Claim, runs: Sequence[Run]) -> Outcome:
    for run in runs:
        if run.header.platform != claim.platform:
            continue
        for row in _totals(run, claim.over):
            gain = compare.overall(row)
            if gain and (row["kernel"], row["network"], row["scope"]) == (claim.kernel, claim.network, claim.scope):
                return Outcome(claim, gain, _ruling(gain, claim.factor))
    return Outcome(claim, None, Ruling.UNKNOWN)


def _ruling(gain: Gain, factor: float) -> Ruling:
    if gain.speedup < factor:
        return Ruling.FAIL
    return Ruling.UNSURE if gain.low < factor else Ruling.PASS


def _totals(run: Run, over: str) -> list[dict[str, Any]]:
    try:
        table = compare.totals(run, None if over == BEST_FLOAT32 else over)
    except UserError:
        return []
    return cast(list[dict[str, Any]], table.to_dict(orient="records"))
