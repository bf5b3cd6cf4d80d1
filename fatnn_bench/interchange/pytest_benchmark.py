"""pytest-benchmark's JSON, as its ``pytest-benchmark compare`` reads it: a benchmark a timed row, a group a layer.

Of another's file, a benchmark whose ``params`` or ``extra_info`` are m, n and k, or whose name tells them, is a case of
scope ``kernel``; see :mod:`fatnn_bench.interchange.foreign`. Its rounds are the samples; where the file was saved
without them, its median is the one.
"""

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from fatnn_bench.errors import UserError
from fatnn_bench.files import gate
from fatnn_bench.interchange import foreign
from fatnn_bench.interchange.foreign import Gemm, LeftOut
from fatnn_bench.records.run import Row, Run

__all__ = ["from_json", "to_json"]

_TOOL = "pytest-benchmark"
_INSTEAD = "make it with pytest --benchmark-json"
_Time = Annotated[float, Field(strict=True)]


@dataclass(frozen=True)
class _Machine:
    node: gate.Text | None = None
    cpu: gate.Plain | None = None
    python_version: gate.Text | None = None


@dataclass(frozen=True)
class _Document:
    benchmarks: gate.Series[dict[str, Any]]
    datetime: gate.Text = ""
    machine_info: _Machine | None = None


@dataclass(frozen=True)
class _Stats:
    data: gate.Series[_Time] = field(default_factory=list)
    median: _Time | None = None
    mean: _Time | None = None
    iterations: gate.Index = 1


@dataclass(frozen=True)
class _Benchmark:
    name: gate.Label
    stats: _Stats
    params: dict[str, Any] | None = None
    extra_info: dict[str, Any] | None = None


_DOCUMENT, _BENCHMARK, _SIZE = TypeAdapter(_Document), TypeAdapter(_Benchmark), TypeAdapter(gate.Count)


def to_json(run: Run) -> str:
    """Return the timed rows of a run as pytest-benchmark saves them."""
    header = run.header
    document = {
        "machine_info": {
            "node": header.platform,
            "machine": header.machine.get("isa"),
            "system": header.machine.get("system"),
            "python_version": header.software.get("python"),
            "cpu": {"brand_raw": header.machine.get("cpu"), "count": header.machine.get("logical_cores")},
        },
        "commit_info": {"id": header.software.get("commit"), "dirty": bool(header.software.get("dirty"))},
        "benchmarks": [_benchmark(row) for row in run.rows if row.timed],
        "datetime": header.created,
        "version": "4.0.0",
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _benchmark(row: Row) -> dict[str, Any]:
    return {
        "group": row.layer,
        "name": row.case,
        "fullname": row.case,
        "params": None,
        "param": None,
        "extra_info": {"status": row.status.value, "reason": row.reason, "gmacs_per_s": row.gmacs_per_s}
        | {"processes": row.processes}
        | {side: row.shape.get(side) for side in "mnk"},
        "options": {"disable_gc": False, "timer": "perf_counter", "warmup": True},
        "stats": _stats(np.asarray(row.samples_s or [row.median_s or 0.0], np.float64), row.loops or 1),
    }


def _stats(samples: np.ndarray[Any, np.dtype[np.float64]], loops: int) -> dict[str, Any]:
    q1, median, q3 = (float(value) for value in np.quantile(samples, [0.25, 0.5, 0.75]))
    mean, deviation = float(samples.mean()), float(samples.std(ddof=1)) if samples.size > 1 else 0.0
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    iqr_outliers = int(np.sum((samples < low) | (samples > high)))
    stddev_outliers = int(np.sum(np.abs(samples - mean) > deviation))
    inside = samples[(samples >= low) & (samples <= high)]
    return {
        "min": float(samples.min()),
        "max": float(samples.max()),
        "mean": mean,
        "stddev": deviation,
        "rounds": int(samples.size),
        "median": median,
        "iqr": q3 - q1,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": iqr_outliers,
        "stddev_outliers": stddev_outliers,
        "outliers": f"{stddev_outliers};{iqr_outliers}",
        "ld15iqr": float(inside.min()),
        "hd15iqr": float(inside.max()),
        "ops": 1 / mean,
        "total": float(samples.sum()),
        "iterations": loops,
        "data": samples.tolist(),
    }


def from_json(text: str, source: str) -> Run:
    """Return the GEMMs of a file as a run; the benchmarks that are not taken are named in its ``warnings``.

    Raises
    ------
    UserError
        It is no such file, or nothing in it can be taken.
    """
    document = foreign.document(_DOCUMENT, text, _TOOL, source, _INSTEAD)
    rows: list[Row] = []
    left_out: list[tuple[str, str]] = []
    for i, entry in enumerate(document.benchmarks):
        name = foreign.name_of(i, entry)
        try:
            rows.append(_row(entry))
        except LeftOut as reason:
            left_out.append((name, str(reason)))
    machine = document.machine_info or _Machine()
    cpu = machine.cpu or {}
    return foreign.run(
        _TOOL,
        source,
        rows,
        left_out,
        created=document.datetime,
        command=[],
        machine={"cpu": cpu.get("brand_raw"), "logical_cores": cpu.get("count")},
        software={"python": machine.python_version},
    )


def _row(entry: dict[str, Any]) -> Row:
    try:
        known = gate.validated(_BENCHMARK, entry, "", "mend it")
    except UserError as error:
        raise LeftOut(str(error).removesuffix("; mend it")) from None
    stats = known.stats
    times = stats.data or [time for time in (stats.median, stats.mean) if time is not None][:1]
    if not times:
        raise LeftOut("it has no time, expected stats.data, a median or a mean")
    samples = [foreign.seconds("time", time) for time in times]
    return foreign.row(_TOOL, _gemm(known), samples, loops=max(1, stats.iterations))


def _gemm(known: _Benchmark) -> Gemm:
    """The sizes from parameters or extra information, or else from the name, which has parameters in brackets."""
    test, _, parameters = known.name.removesuffix("]").partition("[")
    if sizes := _sizes(known.params or {}):
        others = [str(value) for name, value in (known.params or {}).items() if name.lower() not in "mnk"]
        return Gemm("/".join([test, *others]), *sizes)
    if sizes := _sizes(known.extra_info or {}):
        return Gemm(known.name, *sizes)
    return foreign.gemm_of_name("/".join(filter(None, (test, *parameters.split("-")))))


def _sizes(given: Mapping[str, Any]) -> tuple[int, int, int] | None:
    found = {name.lower(): value for name, value in given.items()}
    try:
        m, n, k = (_SIZE.validate_python(found.get(side)) for side in "mnk")
    except ValidationError:
        return None
    return m, n, k
