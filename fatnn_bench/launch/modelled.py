"""The kind ``modelled``: no worker, but a prediction of every case by a model of the CPU (:mod:`fatnn_bench.model`)."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from fatnn_bench import machine
from fatnn_bench.harness.events import Event, Ready
from fatnn_bench.harness.worker import Request
from fatnn_bench.hotloop.assembly import Block
from fatnn_bench.launch import in_process
from fatnn_bench.machine import llvm_mca
from fatnn_bench.model import mca
from fatnn_bench.model.predict import Model, predict
from fatnn_bench.model.tile_code import beyond
from fatnn_bench.model.validated import Known, code_of, known, nearest
from fatnn_bench.platforms import ModelledPlatform
from fatnn_bench.records.run import Row, Status, unmeasured
from fatnn_bench.workload.cases import Case
from fatnn_kernels import PRODUCTS
from fatnn_kernels.target import describe

#: An instruction that every assembler knows.
_NOTHING = Block("nothing", ("nop",), None)


def events(platform: ModelledPlatform, request: Request) -> Generator[Event]:
    """Predict every case; see :func:`fatnn_bench.launch.events`."""
    program = llvm_mca.find()
    assert program is not None
    model = Model(program, describe(platform.triple, platform.cpu, platform.features or ""), platform.cpu)
    return in_process.told(
        Ready(
            _machine(platform, f"llvm-mca {llvm_mca.version(program)}"),
            machine.software() | {"llvm-mca": llvm_mca.version(program)},
        ),
        request,
        lambda _, cases: (predicted(case, model, platform.clock_ghz) for case in cases),
    )


def obstacle(platform: ModelledPlatform) -> str:
    """Return what the model lacks on this machine.

    A CPU that llvm-mca does not know must not reach LLVM, which may end the process for it.
    """
    program = llvm_mca.find()
    if program is None:
        return "llvm-mca is not on the PATH; it comes with LLVM, as in apt install llvm"
    try:
        mca.cycles(program, mca.Cpu(platform.triple, platform.cpu, platform.features or ""), [_NOTHING])
    except mca.UnknownCpuError as error:
        return str(error)
    return ""


def predicted(case: Case, model: Model, clock_ghz: float) -> Row:
    """Return the row of a case: MODELLED, or SKIPPED where there is no model of it."""
    reason = _beyond_the_model(case)
    if reason:
        return unmeasured(case, Status.SKIPPED, reason)
    layer = case.layer
    try:
        prediction = predict(model, case.kernel, layer.m, layer.n, layer.k)
    except (mca.UnknownCpuError, ValueError) as error:
        return unmeasured(case, Status.SKIPPED, str(error))
    seconds = prediction.cycles / clock_ghz * 1e-9
    tile, like = prediction.tile, nearest(model.target, model.cpu, known())
    simulator = f"llvm-mca {llvm_mca.version(model.program)}"
    return replace(
        unmeasured(
            case, Status.MODELLED, f"predicted by {simulator} at {clock_ghz:.3g} GHz, not run; {_bar(like, model)}"
        ),
        median_s=seconds,
        ci_low_s=seconds / like.factor,
        ci_high_s=seconds * like.factor,
        gmacs_per_s=layer.macs / seconds * 1e-9,
        way=tile.product.way,
        codegen={
            "vector_bits": 32 * tile.lanes,
            "tile": f"{tile.rows}x{tile.vectors}",
            "cycles": prediction.cycles,
            "hot_fraction": prediction.hot_fraction,
            "model": simulator,
            "validated_on": f"{like.cpu}, {like.platform}",
        },
    )


def _bar(like: Known, model: Model) -> str:
    related = like.code.architecture == code_of(model.target).architecture
    nearest_one = (
        "the nearest CPU that could be checked"
        if related
        else "a CPU of another architecture, as none of its own was checked"
    )
    return f"up to {like.factor - 1:.0%} off on {nearest_one}, {like.cpu} ({like.platform})"


def _beyond_the_model(case: Case) -> str:
    if case.skip_reason:
        return case.skip_reason
    if case.kernel not in PRODUCTS:
        return "the model knows the code of the suite's own kernels only"
    if case.scope != "kernel":
        return f"the model covers the scope kernel, packed × packed, not {case.scope}"
    if reason := beyond(PRODUCTS[case.kernel]):
        return reason
    return "" if case.threads == 1 else "the model covers one thread, and nothing that cores share"


def _machine(platform: ModelledPlatform, model: str) -> dict[str, Any]:
    """As :func:`fatnn_bench.machine.describe`, as far as it is known of a CPU that is not here."""
    return {
        "cpu": f"{platform.cpu}, modelled",
        "isa": platform.triple.split("-")[0],
        "features": platform.features,
        "frequency_hz": round(platform.clock_ghz * 1e9),
        "frequency_source": platform.source,
        "model": model,
    }
