"""Runs made by hand, for tests of what reads runs."""

import math

from fatnn_bench.records import repeats
from fatnn_bench.records.run import Header, Noise, Row, Run, Status


def make_row(kernel, layer="conv1", ms=None, status=Status.PASSED, network="net", **changes):
    """A row of samples spread ±2% around ``ms``; untimed without."""
    fields = {
        "case": f"{kernel}/{network}.{layer}/kernel@1",
        "kernel": kernel,
        "network": network,
        "shape": {"name": layer, "m": 49, "n": 512, "k": 4608, "count": 1},
        "scope": "kernel",
        "threads": 1,
        "status": status,
    }
    if ms is not None:
        samples = [ms / 1e3 * (1 + 0.002 * (i - 10)) for i in range(21)]
        fields |= {
            "median_s": ms / 1e3,
            "ci_low_s": ms * 0.99e-3,
            "ci_high_s": ms * 1.01e-3,
            "samples_s": samples,
            "gmacs_per_s": 115.6 / ms,
            "peak_fraction": 0.93,
        }
    return Row(**fields | changes)


def make_noise(floor):
    """The noise of a block in which many kernels differed from themselves as much as makes this floor."""

    def noise(log):
        pairs = [{"case": "twin", "ratio": math.exp(log if i % 2 else -log)} for i in range(100)]
        return (Noise(block="b", floor=floor, pairs=pairs, canary_s=[]),)

    log = 1e-3
    return noise(log * math.log1p(floor) / math.log1p(repeats.floor(repeats.found((), noise(log)))))


def make_run(*rows, source="results/native/20260301T120000Z.jsonl", platform="native", noise=(), machine=None):
    header = Header(
        created="2026-03-01T12:00:00Z",
        platform=platform,
        command=["fatnn-bench", "run"],
        seed=7,
        settings={"samples": 21, "rounds": None},
        machine=machine or {"cpu": "Test & Co 9000", "microarchitecture": "zen4"},
        software={"python": "3.11.9", "commit": "0123456789abcdef", "dirty": True, "blas": [], "environment": {}},
    )
    return Run(header, rows, (), source, noise)


def counted(layer, count):
    """The ``shape`` of a layer that occurs several times."""
    return {"name": layer, "m": 784, "n": 128, "k": 1152, "count": count}


def mixed_run(machine=None):
    """Two layers, four kernels, and every status that a table must explain."""
    return make_run(
        make_row("float32", ms=10.0),
        make_row("blas.float32", ms=8.0),
        make_row("binary", ms=0.5, status=Status.MISTRUSTED, reason="the clock fell by 12%"),
        make_row("int8", status=Status.SKIPPED, reason="needs VNNI"),
        make_row("float32", "conv2_x", ms=4.0, shape=counted("conv2_x", 3)),
        make_row("blas.float32", "conv2_x", ms=5.0, shape=counted("conv2_x", 3)),
        make_row("binary", "conv2_x", ms=0.4, shape=counted("conv2_x", 3)),
        make_row("int8", "conv2_x", status=Status.FAILED, reason="3 of 9 outputs differ", shape=counted("conv2_x", 3)),
        machine=machine,
    )


def ternary_run(**changes):
    """Two layers, each twice in the network, on which ternary is faster than 2-bit."""
    return make_run(
        *(
            make_row(kernel, layer, ms=ms, shape=counted(layer, 2))
            for layer in ("conv1", "conv2_x")
            for kernel, ms in (("float32", 8.0), ("two-bit", 2.0), ("ternary-fatnn", 1.0))
        ),
        **changes,
    )
