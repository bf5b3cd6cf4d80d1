"""The limits of a machine as :mod:`fatnn_bench.harness.measure_limits` found them: as a record, a file and a table."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pandas as pd
from pydantic import Field, TypeAdapter

from fatnn_bench import machine
from fatnn_bench.document import Document, Sheet, number
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate
from fatnn_bench.files.gate import Amount, Label, Rate, Text
from fatnn_bench.records import provenance
from fatnn_bench.records.described import Machine

__all__ = ["Bandwidth", "Limits", "ProductLimit", "document", "of_other_machine", "read", "record"]

#: Major version of the record. A reader refuses a larger one.
SCHEMA = 1
#: Half an interval, as a share of the median, from which on something else ran on the machine.
_DISTURBED = 0.05


@dataclass(frozen=True)
class ProductLimit:
    """The rate of a product's step in registers."""

    kernel: Label
    tile: Label  #: rows x vectors of the register tile
    gmacs_per_s: Rate
    ci_low: Rate  #: 95% interval of the median, GMAC/s
    ci_high: Rate


@dataclass(frozen=True)
class Bandwidth:
    """What can be read from one level of memory."""

    level: Label  #: ``L1``, ``L2``, ``L3`` or ``memory``
    buffer_bytes: Amount
    gbytes_per_s: Rate  #: 10⁹ bytes a second
    ci_low: Rate  #: 95% interval of the median, GB/s
    ci_high: Rate


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a machine on one thread, as ``fatnn-bench peak --format json`` writes them."""

    kind: str = "peak"
    schema: int = SCHEMA
    created: Text  #: UTC, ISO 8601
    platform: Label
    machine: Machine  #: see :mod:`fatnn_bench.machine`
    products: Annotated[tuple[ProductLimit, ...], Field(max_length=1000)]
    bandwidths: Annotated[tuple[Bandwidth, ...], Field(max_length=1000)]


_RECORD = TypeAdapter(Limits)


def record(answer: dict[str, Any], platform: str) -> Limits:
    """Return the record of what ``python -m fatnn_bench.harness.measure_limits`` just answered on a platform."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return _RECORD.validate_python(answer | {"created": created, "platform": platform})


def read(path: Path) -> Limits:
    """Read a record that ``fatnn-bench peak --format json`` wrote.

    Raises
    ------
    UserError
        The file cannot be read, is something else, or is a newer fatnn-bench's.
    """
    how = "`fatnn-bench peak --format json -o FILE` makes one"
    try:
        record = gate.parsed(gate.content(path, how))
    except ValueError as error:
        raise UserError(f"{path} is not a record of limits: it is not JSON ({error}); {how}") from error
    if not isinstance(record, dict) or record.get("kind") != "peak":
        raise UserError(f'{path} is not a record of limits: it has no "kind": "peak"; {how}')
    if isinstance(record.get("schema"), int) and record["schema"] > SCHEMA:
        raise UserError(
            f"{path} has schema {record['schema']}, this fatnn-bench reads up to {SCHEMA}; upgrade fatnn-bench"
        )
    return gate.validated(_RECORD, record, str(path), how)


def of_other_machine(limits: Limits, described: dict[str, Any]) -> str:
    """Return in what the machine of the limits differs from another, as of a run; nothing where it does not."""
    mine, other = machine.identity(limits.machine), machine.identity(described)
    return ", ".join(f"{name} {mine[name]} and not {other[name]}" for name in mine if mine[name] != other[name])


def document(measured: Limits) -> Document:
    """Return what ``fatnn-bench peak`` prints."""
    lines = _lines(measured)
    heading = (
        ("machine", provenance.machine_name(measured.machine)),
        ("platform", measured.platform),
        ("when", measured.created),
    )
    products, levels = (tuple(line.cells for line in lines if line.unit == unit) for unit in ("GMAC/s", "GB/s"))
    notes = ["Medians; ±: half the 95% interval of the median"]
    if unsure := [line.name for line in lines if line.spread > _DISTURBED]:
        notes.append(f"Something else ran here, so that a limit may be higher: {', '.join(unsure)}")
    sheets = (
        Sheet("Products, on registers alone · 1 thread", ("kernel", "tile", "GMAC/s", "±"), products),
        Sheet("Reading · 1 thread", ("from", "buffer", "GB/s", "±"), levels, notes=tuple(notes)),
    )
    long = pd.DataFrame([line._asdict() for line in lines])
    return Document(sheets, long, asdict(measured), heading)


class _Line(NamedTuple):
    """A line of the tables."""

    name: str
    of: str
    rate: float
    unit: str
    ci_low: Rate
    ci_high: Rate

    @property
    def spread(self) -> float:
        """Half the interval, as a share of the rate."""
        return (self.ci_high - self.ci_low) / 2 / self.rate

    @property
    def cells(self) -> tuple[str, ...]:
        return self.name, self.of, number(self.rate), f"{self.spread:.1%}"


def _lines(measured: Limits) -> list[_Line]:
    return [
        *(_Line(one.kernel, one.tile, one.gmacs_per_s, "GMAC/s", one.ci_low, one.ci_high) for one in measured.products),
        *(
            _Line(one.level, _size(one.buffer_bytes), one.gbytes_per_s, "GB/s", one.ci_low, one.ci_high)
            for one in measured.bandwidths
        ),
    ]


def _size(size: int) -> str:
    """Bytes in the unit that leaves a short number."""
    for unit, width in (("MiB", 2**20), ("KiB", 2**10)):
        if size >= width:
            return f"{size / width:.4g} {unit}"
    return f"{size} B"
