"""How far the model is off, where it can be seen: on this machine."""

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

import pandas as pd

from fatnn_bench import launch
from fatnn_bench.document import Document, Sheet
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.harness import events as said
from fatnn_bench.harness.timing import STANDARD
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch.modelled import predicted
from fatnn_bench.machine import llvm_mca
from fatnn_bench.model.clock import measure_hz
from fatnn_bench.platforms import CpuPlatform
from fatnn_bench.records.run import Row
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer
from fatnn_kernels import PRODUCTS
from fatnn_kernels.target import current_target

__all__ = ["Check", "Validation", "document", "validate"]


@dataclass(frozen=True)
class Check:
    """One kernel on one layer."""

    layer: str
    kernel: str
    predicted_gmacs_per_s: float
    measured_gmacs_per_s: float  #: of the fastest sample: the model knows no disturbance

    @property
    def error(self) -> float:
        """Predicted over measured, less 1."""
        return self.predicted_gmacs_per_s / self.measured_gmacs_per_s - 1


@dataclass(frozen=True)
class Validation:
    """The model against this machine."""

    cpu: str  #: LLVM's name
    model: str
    clock_ghz: float  #: measured, the mean of before and after
    checks: tuple[Check, ...]
    unchecked: tuple[str, ...]  #: why a case is in no check

    @property
    def typical_error(self) -> float:
        """The geometric mean of how many times too fast or too slow the predictions are, less 1."""
        ratios = [abs(math.log1p(check.error)) for check in self.checks]
        return math.expm1(sum(ratios) / len(ratios))


def validate(layers: Sequence[Layer], seed: int = 0) -> Validation:
    """Predict and measure every product on the layers, on this machine, one thread.

    Raises
    ------
    NothingComparableError
        There is no llvm-mca, it does not know this CPU, or nothing could be measured.
    """
    program = llvm_mca.find()
    if program is None:
        raise NothingComparableError("llvm-mca is not on the PATH; install LLVM, as by apt install llvm")
    target = current_target()
    cases = [Case(kernel, layer, "kernel", 1) for layer in layers for kernel in PRODUCTS]
    before_hz = measure_hz()
    measured = _measure(cases, seed)
    clock_ghz = (before_hz + measure_hz()) / 2 * 1e-9
    rows = [predicted(case, target, clock_ghz, program) for case in cases]
    checks = [_check(row, measured[row.case]) for row in rows if row.median_s and measured[row.case].min_s]
    failures = [row for row in (*rows, *measured.values()) if row.median_s is None]
    unchecked = tuple(dict.fromkeys(f"{row.case}: {row.reason}" for row in failures))
    if not checks:
        raise NothingComparableError(f"nothing to compare: {unchecked[0]}")
    return Validation(target.cpu, f"llvm-mca {llvm_mca.version(program)}", clock_ghz, tuple(checks), unchecked)


def _measure(cases: list[Case], seed: int) -> dict[str, Row]:
    request = Request(cases, STANDARD, seed)
    with closing(launch.events(CpuPlatform(kind="cpu", threads=1), request)) as events:
        rows = [event.row for event in events if isinstance(event, said.Row)]
    return {row.case: row for row in rows}


def _check(predicted: Row, measured: Row) -> Check:
    assert predicted.gmacs_per_s is not None
    assert measured.min_s is not None
    fastest = measured.macs / measured.min_s * 1e-9
    return Check(str(measured.shape["name"]), measured.kernel, predicted.gmacs_per_s, fastest)


def document(validation: Validation) -> Document:
    """Return what ``fatnn-bench model --validate`` prints."""
    rows = tuple(
        (
            check.layer,
            check.kernel,
            f"{check.predicted_gmacs_per_s:.4g}",
            f"{check.measured_gmacs_per_s:.4g}",
            f"{check.error:+.0%}",
        )
        for check in validation.checks
    )
    sheet = Sheet(
        "Predicted and measured, GMAC/s",
        ("layer", "kernel", "predicted", "measured", "error"),
        rows,
        notes=(
            f"a prediction is typically off by {validation.typical_error:.0%} (geometric mean)",
            "measured: the fastest sample, since the model knows no disturbance",
            *validation.unchecked,
        ),
        keys=2,
    )
    clock = f"{validation.clock_ghz:.3g} GHz, measured"
    heading = (("cpu", validation.cpu), ("model", validation.model), ("clock", clock))
    records = [asdict(check) | {"error": check.error} for check in validation.checks]
    data = asdict(validation) | {"checks": records, "typical_error": validation.typical_error}
    return Document((sheet,), pd.DataFrame(records), data, heading)
