"""google-benchmark's JSON (https://github.com/google/benchmark, docs/user_guide.md): every sample is a repetition.

Of another tool's file, a benchmark that is named after a GEMM is a case of scope ``kernel``: ``GEMM/196/256/2304`` is
the kernel ``google-benchmark.GEMM`` on the layer ``196x256x2304``; see :mod:`fatnn_bench.interchange.foreign`. Where a
file has aggregates alone, the median is the sample, or the mean.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fatnn_bench.errors import UserError
from fatnn_bench.files import gate
from fatnn_bench.interchange import foreign
from fatnn_bench.interchange.foreign import LeftOut
from fatnn_bench.records.run import Row, Run

__all__ = ["from_json", "to_json"]

_TOOL = "google-benchmark"
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0}
#: Before 1.5 the end of a name alone told an aggregate from a repetition.
_AGGREGATE = re.compile(r"_(mean|median|stddev|cv|min|max|BigO|RMS)$")
#: The aggregates that stand for a time, the better first.
_TIMES = ("median", "mean")
_INSTEAD = "make it with --benchmark_format=json"


@dataclass(frozen=True)
class _Context:
    date: gate.Text = ""
    executable: gate.Text = ""
    host_name: gate.Text | None = None
    num_cpus: gate.Count | None = None
    library_build_type: gate.Text | None = None


@dataclass(frozen=True)
class _Document:
    benchmarks: gate.Series[dict[str, Any]]
    context: _Context = field(default_factory=_Context)


@dataclass(frozen=True)
class _Benchmark:
    """A repetition, or an aggregate of some."""

    name: gate.Label
    real_time: Annotated[float, Field(strict=True)]
    run_name: gate.Label | None = None
    run_type: gate.Label | None = None
    aggregate_name: gate.Label | None = None
    time_unit: gate.Label = "ns"
    threads: gate.Count = 1
    iterations: gate.Index = 1

    @property
    def aggregate(self) -> str | None:
        """The name of the aggregate that this is; None of a repetition."""
        if self.run_type is not None:
            return None if self.run_type == "iteration" else self.aggregate_name or self.run_type
        found = _AGGREGATE.search(self.name)
        return found[1] if found else None

    @property
    def run(self) -> str:
        """The name that all repetitions and aggregates of a benchmark share."""
        return self.run_name or (_AGGREGATE.sub("", self.name) if self.aggregate else self.name)

    @property
    def seconds(self) -> float:
        """Seconds a call. Raises LeftOut."""
        if self.time_unit not in _UNITS:
            raise LeftOut(f"its time_unit is {gate.brief(self.time_unit)}, expected one of {', '.join(_UNITS)}")
        return foreign.seconds("real_time", self.real_time, _UNITS[self.time_unit])


_DOCUMENT, _BENCHMARK = TypeAdapter(_Document), TypeAdapter(_Benchmark)


def to_json(run: Run) -> str:
    """Return the timed rows of a run as google-benchmark writes them."""
    machine = run.header.machine
    context = {
        "date": run.header.created,
        "executable": "fatnn-bench",
        "num_cpus": machine.get("logical_cores"),
        "mhz_per_cpu": round((machine.get("frequency_hz") or 0) * 1e-6),
        "load_avg": machine.get("load_average") or [],
    }
    benchmarks = [benchmark for row in run.rows if row.timed for benchmark in _repetitions(row)]
    return json.dumps({"context": context, "benchmarks": benchmarks}, indent=1, allow_nan=False) + "\n"


def _repetitions(row: Row) -> Iterator[dict[str, Any]]:
    samples = row.samples_s or [row.median_s or 0.0]
    for i, seconds in enumerate(samples):
        yield {
            "name": row.case,
            "run_name": row.case,
            "run_type": "iteration",
            "repetitions": len(samples),
            "repetition_index": i,
            "threads": row.threads,
            "iterations": row.loops or 1,
            "real_time": seconds * 1e9,
            "cpu_time": seconds * 1e9,
            "time_unit": "ns",
        }


def from_json(text: str, source: str) -> Run:
    """Return the GEMMs of a file as a run; the benchmarks that are not taken are named in its ``warnings``.

    Raises
    ------
    UserError
        It is no such file, or nothing in it can be taken.
    """
    document = foreign.document(_DOCUMENT, text, _TOOL, source, _INSTEAD)
    groups: dict[tuple[str, int], list[_Benchmark]] = {}
    left_out: list[tuple[str, str]] = []
    for i, entry in enumerate(document.benchmarks):
        name = foreign.name_of(i, entry)
        try:
            known = _benchmark(entry)
        except LeftOut as reason:
            left_out.append((name, str(reason)))
        else:
            groups.setdefault((known.run, known.threads), []).append(known)
    rows: list[Row | None] = []
    for (name, _), group in groups.items():
        try:
            rows.append(_row(name, group, left_out))
        except LeftOut as reason:
            left_out.append((name, str(reason)))
    context = document.context
    return foreign.run(
        _TOOL,
        source,
        list(filter(None, rows)),
        left_out,
        created=context.date,
        command=[context.executable],
        machine={"cpu": context.host_name, "logical_cores": context.num_cpus},
        software={"library": context.library_build_type},
    )


def _benchmark(entry: dict[str, Any]) -> _Benchmark:
    """An entry as the types have it. Raises LeftOut of one that failed, was skipped, or is wrong."""
    for happened, message in (("error_occurred", "error_message"), ("skipped", "skip_message")):
        if entry.get(happened):
            said = entry.get(message) or entry.get("error_message") or "no reason was given"
            raise LeftOut(f"{'skipped' if happened == 'skipped' else 'failed'} there ({gate.brief(said)})")
    if "real_time" not in entry and entry.get("run_type") == "aggregate":
        entry = entry | {"real_time": float("nan")}  # BigO and RMS are fits, and have coefficients
    try:
        return gate.validated(_BENCHMARK, entry, "", "mend it")
    except UserError as error:
        raise LeftOut(str(error).removesuffix("; mend it")) from None


def _row(name: str, group: Sequence[_Benchmark], left_out: list[tuple[str, str]]) -> Row | None:
    """The row of a benchmark; None where all of its repetitions are left out. Raises LeftOut."""
    gemm = foreign.gemm_of_name(name)
    repetitions = [one for one in group if one.aggregate is None]
    taken = repetitions or [_time_of(group)]
    samples = []
    for one in taken:
        try:
            samples.append(one.seconds)
        except LeftOut as reason:
            left_out.append((name, str(reason)))
    loops = max(1, taken[0].iterations) if repetitions else 1
    return foreign.row(_TOOL, gemm, samples, taken[0].threads, loops) if samples else None


def _time_of(aggregates: Sequence[_Benchmark]) -> _Benchmark:
    known = {one.aggregate: one for one in aggregates}
    for kind in _TIMES:
        if kind in known:
            return known[kind]
    raise LeftOut(f"it has no time but {', '.join(filter(None, known))}, expected a median or a mean")
