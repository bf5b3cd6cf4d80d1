"""google-benchmark's JSON (https://github.com/google/benchmark, docs/user_guide.md): every sample is a repetition.

Of another tool's file, a benchmark is a case of scope ``kernel`` by its name: ``GEMM/196/256/2304`` or
``GEMM/196x256x2304`` is the kernel ``google-benchmark.GEMM`` on the layer ``196x256x2304``. Its result was verified by
nobody here, so its row is MISTRUSTED.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from fatnn_bench.comparison import statistics
from fatnn_bench.errors import UserError
from fatnn_bench.results.records import Header, Row, Run, Status
from fatnn_bench.workload.layers import bare_gemm

__all__ = ["from_json", "to_json"]

_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
_SIZES = re.compile(r"^(?P<kernel>.+?)[/:](?P<m>\d+)[x/](?P<n>\d+)[x/](?P<k>\d+)(?:/.*)?$")
_UNVERIFIED = "of google-benchmark: its result was not verified"


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
    """Return the benchmarks of a file as a run. Raises UserError if it is no such file, or no name tells a size."""
    try:
        document = json.loads(text)
        benchmarks = document["benchmarks"]
        context = document.get("context", {})
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{source} is no JSON of google-benchmark; make it with --benchmark_format=json") from error
    groups: dict[str, list[dict[str, Any]]] = {}
    for benchmark in benchmarks:
        if not benchmark.get("error_occurred"):
            groups.setdefault(benchmark.get("run_name") or benchmark["name"], []).append(benchmark)
    rows = [row for name, group in groups.items() if (row := _row(name, group))]
    if not rows:
        raise UserError(f"no benchmark of {source} is named after a GEMM, such as MyGemm/196/256/2304 (M, N, K)")
    header = Header(
        created=context.get("date", ""),
        platform="google-benchmark",
        command=[context.get("executable", "")],
        seed=0,
        settings={},
        machine={"cpu": context.get("host_name"), "logical_cores": context.get("num_cpus")},
        software={"library": context.get("library_build_type")},
        layers=list(dict.fromkeys(row.layer for row in rows)),
    )
    return Run(header, tuple(rows), source=source)


def _row(name: str, group: Sequence[dict[str, Any]]) -> Row | None:
    sizes = _SIZES.match(name)
    if sizes is None:
        return None
    timed = [benchmark for benchmark in group if benchmark.get("run_type", "iteration") == "iteration"]
    timed = timed or [benchmark for benchmark in group if benchmark.get("aggregate_name") == "median"]
    if not timed:
        return None
    samples = [benchmark["real_time"] * _SECONDS[benchmark.get("time_unit", "ns")] for benchmark in timed]
    layer = bare_gemm(*(int(sizes[side]) for side in "mnk"))
    kernel = "google-benchmark." + re.sub(r"[^A-Za-z0-9_.-]+", "-", sizes["kernel"]).strip("-")
    threads, median = int(timed[0].get("threads", 1)), statistics.median(samples)
    low, high = statistics.median_interval(samples)
    sure = len(samples) > 1
    return Row(
        case=f"{kernel}/{layer.full_name}/kernel@{threads}",
        kernel=kernel,
        network=None,
        shape=layer.to_json(),
        scope="kernel",
        threads=threads,
        status=Status.MISTRUSTED,
        reason=_UNVERIFIED,
        median_s=median,
        min_s=min(samples),
        ci_low_s=low if sure else None,
        ci_high_s=high if sure else None,
        samples_s=samples,
        loops=int(timed[0].get("iterations", 1)),
        macs=layer.macs,
        gmacs_per_s=layer.macs / median * 1e-9,
    )
