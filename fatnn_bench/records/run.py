"""What a run says: a header, then a row a case. These are the contracts of the results file.

Units are in the names: seconds (``_s``), bytes, multiply-accumulates (``macs``), 10⁹ of them a second
(``gmacs_per_s``). Reading and writing the file is :mod:`fatnn_bench.records.store`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Self

from fatnn_bench.files.gate import Amount, Count, Index, Label, Load, Plain, Rate, Seconds, Series, Text
from fatnn_bench.records.described import Codegen, Machine, Pairs, Platforms, Shape, Software
from fatnn_bench.statistics import medians
from fatnn_bench.workload import precisions
from fatnn_bench.workload.cases import Case

if TYPE_CHECKING:
    import pandas as pd

#: Major version of the results format. A reader refuses a file with a larger one.
SCHEMA = 1
#: The fields of a row that hold fields of their own.
NESTED = ("shape", "stages_s", "codegen")


class Status(StrEnum):
    """What became of a case."""

    PASSED = "PASSED"  #: verified, then timed
    FAILED = "FAILED"  #: a wrong result: never timed
    SKIPPED = "SKIPPED"  #: cannot run here; the reason says why
    MISTRUSTED = "MISTRUSTED"  #: timed, and something makes the number doubtful
    MODELLED = "MODELLED"  #: predicted by a machine model, not run
    IMPORTED = "IMPORTED"  #: another's number; the reason names its source
    ERROR = "ERROR"  #: the kernel raised, hung, or its worker died


class Stop(StrEnum):
    """Why no more samples were taken of a case."""

    PRECISE = "precise"  #: the interval of the median is as narrow as was asked
    BUDGET = "budget"  #: its time is spent


class Bound(StrEnum):
    """Which of the machine's limits is the nearer one for a case."""

    OPERATIONS = "operations"  #: the product's own instructions, on registers alone
    BANDWIDTH = "bandwidth"  #: reading as many bytes as the row has


class _Record:
    """A dataclass that reads its own JSON object and ignores fields it does not know."""

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: value for name, value in record.items() if name in known})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True, kw_only=True)
class Header(_Record):
    """The first line of a results file: where, with what and how the rows were measured."""

    schema: int = SCHEMA
    created: Text  #: UTC, ISO 8601
    platform: Label  #: the entry of platforms.yaml
    command: list[Text]  #: the command line, to run it again
    seed: Amount  #: of the data and of the order of the cases
    settings: Plain  #: rounds, seconds a sample, and so on
    machine: Machine  #: see :mod:`fatnn_bench.machine`
    software: Software  #: versions, BLAS, threading layer
    options: Plain = field(default_factory=dict)  #: what was asked for: shapes, kernels and so on
    platforms: Platforms = field(default_factory=dict)  #: of several: ``machine``, ``software``
    layers: list[Label] = field(default_factory=list)  #: in the order asked for; rows come in the order they were done
    kind: str = "header"


@dataclass(frozen=True, kw_only=True)
class Row(_Record):
    """One case: what was run, what became of it and what was measured. Unmeasured numbers are None."""

    case: Text  #: ``kernel/shape/scope@threads``
    kernel: Label
    network: Label | None
    shape: Shape  #: its ``name`` and all its dimensions, ``count`` (how often the layer occurs) among them
    scope: Label  #: ``kernel``, ``layer`` or ``network``
    threads: Count
    status: Status
    reason: Text = ""  #: why, for every status but PASSED
    median_s: Seconds | None = None  #: of several processes, the geometric mean of the median of each
    min_s: Seconds | None = None
    ci_low_s: Seconds | None = None  #: 95% interval of it; of one process, of its rounds alone
    ci_high_s: Seconds | None = None
    samples_s: Series[Seconds] = field(default_factory=list)  #: seconds a call, one a round, in the order of the rounds
    processes: Series[Index] = field(default_factory=list)  #: of the samples, how many each process took, in order
    loops: Amount = 0  #: calls a sample, in the first process
    block: Label | None = None  #: rows of equal block were measured in turns: sample i of each in the same round
    touched: Series[Index] = field(default_factory=list)  #: the rounds in which something disturbed the sample
    stopped: Stop | None = None  #: why there are no more samples
    compile_s: Load | None = None  #: the first call: compiled, or read from the disk cache
    macs: Amount = 0
    bytes: Amount = 0  #: operands read and outputs written, once each
    gmacs_per_s: Rate | None = None
    peak_gmacs_per_s: Rate | None = None  #: of the product's own instructions, on registers alone
    peak_gbytes_per_s: Rate | None = None  #: of reading a buffer of ``bytes``; only where that limit is near
    peak_fraction: Rate | None = None  #: the share of the nearer limit
    limit: Bound | None = None  #: which that is; older files have operations alone, and do not say so
    stages_s: dict[Label, Load] | None = None
    codegen: Codegen | None = None
    platform: Label | None = None  #: only where one file holds several platforms
    precision: Label | None = None  #: of the kernel, such as ``ternary``; older files do not say it
    way: Label | None = None  #: how it computes, such as ``popcount``; None where that is not known
    kind: str = "row"

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", Status(self.status))

    @property
    def layer(self) -> str:
        """The full name of the layer, as in the case's id: its network's, a dot, and its own."""
        return f"{self.network}.{self.shape['name']}" if self.network else str(self.shape["name"])

    @cached_property
    def by_process(self) -> list[list[float]]:
        """The samples of each process; of a file that does not tell, all are of one. A process that died has none."""
        ends = [0, *accumulate(self.processes or [len(self.samples_s)])]
        return [self.samples_s[begin:end] for begin, end in pairwise(ends)]

    @cached_property
    def log_times(self) -> dict[int, float]:
        """The logarithm of the median of each process that took samples, by the number of the process."""
        return {i: math.log(medians.median(samples)) for i, samples in enumerate(self.by_process) if samples}

    @property
    def gbytes_per_s(self) -> float | None:
        """10⁹ bytes of operands and results a second; None where time or bytes are unknown."""
        return self.bytes / self.median_s * 1e-9 if self.median_s and self.bytes else None

    @property
    def timed(self) -> bool:
        """Whether the row holds a measured time."""
        return self.median_s is not None and self.status in (Status.PASSED, Status.MISTRUSTED)

    def flat(self) -> dict[str, Any]:
        """Return the fields in their order; what is nested one by one, named with a dot, such as ``shape.m``."""
        plain: dict[str, Any] = {}
        for name, value in ((one.name, getattr(self, one.name)) for one in fields(self)):
            if name in NESTED:
                plain |= {f"{name}.{key}": part for key, part in (value or {}).items()}
            elif name != "kind":
                plain[name] = value
        plain["status"] = self.status.value
        return plain


def consistent(row: Row) -> Row:
    """Return a row whose times are in order, and whose samples are those of its processes. Raises ValueError if not."""
    if row.processes and sum(row.processes) != len(row.samples_s):
        raise ValueError(
            f"found {len(row.samples_s)} samples_s, expected the {sum(row.processes)} that processes tell of"
        )
    times = [(name, getattr(row, name)) for name in ("ci_low_s", "median_s", "ci_high_s")]
    known = [(name, time) for name, time in times if time is not None]
    for (name, time), (above, limit) in pairwise(known):
        if time > limit:
            raise ValueError(f"found {name} {time:g} above {above} {limit:g}, expected them in order")
    return row


def unmeasured(case: Case, status: Status, reason: str = "") -> Row:
    """The row of a case without any time, of the precision that its kernel is named for."""
    return Row(
        case=case.id,
        kernel=case.kernel,
        network=case.layer.network,
        shape=case.layer.to_json(),
        scope=case.scope,
        threads=case.threads,
        status=status,
        reason=reason,
        macs=case.layer.macs,
        precision=precisions.named(case.kernel),
    )


@dataclass(frozen=True, kw_only=True)
class Noise(_Record):
    """What could be told apart while the cases of a block were measured: a line after the rows of the block."""

    block: Label  #: as in its rows
    floor: (
        Load | None
    )  #: the least relative difference that was resolved, 0.01 for 1%; :mod:`fatnn_bench.records.repeats`
    pairs: Pairs  #: one kernel measured twice in a process: its ``case``, and the ``ratio`` of the two
    canary_s: Series[Load]  #: the median in each round of a fixed piece of work, seconds
    steal_s: Load | None = None  #: taken from the core by a hypervisor
    frequency_hz: list[Load | None] = field(default_factory=list)  #: of the core, before and after
    kind: str = "noise"


def in_order(rows: Iterable[Row], layers: Sequence[str]) -> tuple[Row, ...]:
    """Return rows in the order of their layers, those of others last; of one layer, as they came."""
    places = {layer: i for i, layer in enumerate(layers)}
    return tuple(sorted(rows, key=lambda row: places.get(row.layer, len(places))))


@dataclass(frozen=True)
class Run:
    """A header and its rows: what a results file holds."""

    header: Header
    rows: tuple[Row, ...]
    warnings: tuple[str, ...] = ()  #: what was wrong with the file and could be read past
    source: str = ""  #: the file it was read from
    noise: tuple[Noise, ...] = ()  #: one a block

    def frame(self) -> "pd.DataFrame":
        """Return the rows as a table.

        Returns
        -------
        DataFrame
            A row a case and a column a field of the results file, in its units; what is nested is named with a dot, as
            ``shape.m``.
        """
        import pandas as pd

        return pd.DataFrame.from_records([row.flat() for row in self.rows])
