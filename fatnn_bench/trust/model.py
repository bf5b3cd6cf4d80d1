"""How far the model is off, where it can be seen: on this machine."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from fatnn_bench import launch
from fatnn_bench.document import Document, Sheet
from fatnn_bench.errors import NothingComparableError, UserError
from fatnn_bench.harness import events as said
from fatnn_bench.harness.timing import STANDARD
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch.modelled import predicted
from fatnn_bench.machine import llvm_mca, pipeline
from fatnn_bench.model.clock import measure_hz
from fatnn_bench.model.predict import Model
from fatnn_bench.model.tile_code import beyond
from fatnn_bench.model.validated import Code, code_of
from fatnn_bench.platforms import CpuPlatform, Platform
from fatnn_bench.records.run import Row
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer
from fatnn_kernels import PRODUCTS
from fatnn_kernels.target import Target, current_target, describe

__all__ = ["Check", "Validation", "check", "document", "validate"]

#: Many short samples, of which the fastest counts: some meet no disturbance, where a long one always does.
_FASTEST = replace(STANDARD, name="fastest", rounds=800, sample_s=0.0004, case_s=1.0)
#: The ways whose instructions are multiplications.
_MULTIPLY = frozenset({"fma", "dot", "tiles"})


@dataclass(frozen=True)
class Check:
    """One kernel on one layer."""

    platform: str
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
    created: str  #: UTC, ISO 8601
    clocks_ghz: dict[int, float]  #: by the bits of the vectors that are multiplied, which some CPUs do at a lower one
    clock_source: str  #: how the clocks are known
    codes: dict[str, Code]  #: what each platform compiles
    checks: tuple[Check, ...]
    unchecked: tuple[str, ...]  #: why a case is in no check

    @property
    def typical_error(self) -> float:
        """The geometric mean of how many times too fast or too slow the predictions are, less 1."""
        ratios = [abs(math.log1p(check.error)) for check in self.checks]
        return math.expm1(sum(ratios) / len(ratios))

    @property
    def largest_error(self) -> float:
        """The same of the prediction that is the most off."""
        return math.expm1(max(abs(math.log1p(check.error)) for check in self.checks))


def _modelled() -> list[str]:
    return [name for name, product in PRODUCTS.items() if not beyond(product)]


def validate(layers: Sequence[Layer], platforms: Mapping[str, Platform], seed: int = 0) -> Validation:
    """Predict and measure every product on the layers, on this machine, one thread.

    Parameters
    ----------
    platforms
        Of the kind ``cpu``, by name: what this machine compiles for.

    Raises
    ------
    UserError
        A platform is of another kind.
    NothingComparableError
        There is no llvm-mca, it does not know this CPU, or nothing could be measured.
    """
    program = llvm_mca.find()
    if program is None:
        raise NothingComparableError("llvm-mca is not on the PATH; install LLVM, as by apt install llvm")
    models = {name: Model(program, _target(name, platform), pipeline.here()) for name, platform in platforms.items()}
    cases = [Case(kernel, layer, "kernel", 1) for layer in layers for kernel in _modelled()]
    widths = {0, *(32 * model.target.lanes for model in models.values())}
    before = _clocks_ghz(widths)
    measured = {name: _measure(platform, cases, seed) for name, platform in platforms.items()}
    after = _clocks_ghz(widths)
    clocks = {bits: (before[bits] + after[bits]) / 2 for bits in sorted(widths)}
    checks: list[Check] = []
    unchecked: list[str] = []
    for name, model in models.items():
        for pair in ((_predict(case, model, clocks), measured[name][case.id]) for case in cases):
            if all(row.median_s for row in pair):
                checks.append(check(name, *pair))
            else:
                unchecked += [f"{name}: {row.case}: {row.reason}" for row in pair if row.median_s is None]
    if not checks:
        raise NothingComparableError(f"nothing to compare: {unchecked[0]}")
    return Validation(
        cpu=pipeline.here(),
        model=f"llvm-mca {llvm_mca.version(program)}",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        clocks_ghz=clocks,
        clock_source="measured before and after",
        codes={name: code_of(model.target) for name, model in models.items()},
        checks=tuple(checks),
        unchecked=tuple(dict.fromkeys(unchecked)),
    )


def _clocks_ghz(widths: Iterable[int]) -> dict[int, float]:
    """The clock now, while vectors of so many bits are multiplied."""
    return {bits: measure_hz(bits) * 1e-9 for bits in widths}


def _predict(case: Case, model: Model, clocks_ghz: Mapping[int, float]) -> Row:
    multiplies = PRODUCTS[case.kernel].way in _MULTIPLY
    return predicted(case, model, clocks_ghz[32 * model.target.lanes if multiplies else 0])


def _target(name: str, platform: Platform) -> Target:
    """What a platform's worker compiles for, here."""
    if not isinstance(platform, CpuPlatform) or platform.threads != 1:
        raise UserError(f"{name} is no platform of kind cpu with one thread; the model is compared on such, as native")
    here = current_target()
    if platform.numba_cpu is None:
        return here
    return describe(here.triple, platform.numba_cpu, platform.numba_features or "")


def _measure(platform: Platform, cases: list[Case], seed: int) -> dict[str, Row]:
    request = Request(cases, _FASTEST, seed)
    with closing(launch.events(platform, request)) as events:
        rows = [event.row for event in events if isinstance(event, said.Row)]
    return {row.case: row for row in rows}


def check(platform: str, predicted: Row, measured: Row) -> Check:
    """Return the check of two rows of a case."""
    assert predicted.gmacs_per_s is not None
    assert measured.min_s is not None
    fastest = measured.macs / measured.min_s * 1e-9
    return Check(platform, str(measured.shape["name"]), measured.kernel, predicted.gmacs_per_s, fastest)


def document(validation: Validation) -> Document:
    """Return what ``fatnn-bench model --validate`` prints."""
    rows = tuple(
        (
            check.platform,
            check.layer,
            check.kernel,
            f"{check.predicted_gmacs_per_s:.4g}",
            f"{check.measured_gmacs_per_s:.4g}",
            f"{check.error:+.0%}",
        )
        for check in validation.checks
    )
    cases = Sheet(
        "Predicted and measured, GMAC/s",
        ("platform", "layer", "kernel", "predicted", "measured", "error"),
        rows,
        notes=("measured: the fastest sample, since the model knows no disturbance", *validation.unchecked),
        keys=3,
    )
    clocks = [
        f"{ghz:.3g} GHz{f' while {bits} bits are multiplied' if bits else ''}"
        for bits, ghz in validation.clocks_ghz.items()
    ]
    clock = f"{', '.join(clocks)}; {validation.clock_source}"
    heading = (("cpu", validation.cpu), ("model", validation.model), ("clock", clock))
    records = [asdict(check) | {"error": check.error} for check in validation.checks]
    data = asdict(validation) | {"checks": records, "typical_error": validation.typical_error}
    long = pd.DataFrame(records)
    return Document((cases, _by_kernel(long, validation)), long, data, heading)


def _by_kernel(checks: pd.DataFrame, validation: Validation) -> Sheet:
    """How far each kernel is off over the layers: the geometric mean, and the two ends."""
    logs = checks.assign(log=np.log1p(checks["error"])).groupby(["platform", "kernel"], sort=False)["log"]
    ends = logs.agg(["size", "mean", "min", "max"]).reset_index().itertuples(index=False, name=None)
    rows = tuple(
        (platform, kernel, str(count), *(f"{math.expm1(log):+.0%}" for log in of_kernel))
        for platform, kernel, count, *of_kernel in ends
    )
    return Sheet(
        "How far a kernel is off",
        ("platform", "kernel", "layers", "mean", "least", "most"),
        rows,
        notes=(
            f"a prediction is typically off by {validation.typical_error:.0%} (geometric mean), "
            f"at most by {validation.largest_error:.0%}",
        ),
        keys=2,
    )
