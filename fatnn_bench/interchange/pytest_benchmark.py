"""pytest-benchmark's JSON, as its ``pytest-benchmark compare`` reads it: a benchmark a timed row, a group a layer."""

import json
from typing import Any

import numpy as np

from fatnn_bench.results.records import Row, Run

__all__ = ["to_json"]


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
        "extra_info": {"status": row.status.value, "reason": row.reason, "gmacs_per_s": row.gmacs_per_s},
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
