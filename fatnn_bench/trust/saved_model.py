"""The model against a run that was saved on another machine, which need have no llvm-mca.

A run does not tell the clock of its core. It is taken to be the one at which the predictions are right in the median:
what is checked is how kernels compare with each other.
"""

import statistics
from collections.abc import Mapping
from dataclasses import replace

from fatnn_bench.errors import NothingComparableError, UserError
from fatnn_bench.launch import modelled
from fatnn_bench.machine import llvm_mca
from fatnn_bench.model.predict import Model
from fatnn_bench.model.tile_code import beyond
from fatnn_bench.model.validated import code_of
from fatnn_bench.platforms import CpuPlatform, ModelledPlatform, Platform
from fatnn_bench.records.run import Row, Run
from fatnn_bench.trust.model import Validation, check
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm
from fatnn_kernels import PRODUCTS
from fatnn_kernels.target import describe

__all__ = ["validate_saved"]


def validate_saved(run: Run, cpu: str, platforms: Mapping[str, Platform]) -> Validation:
    """Predict every kernel of a saved run, of scope ``kernel`` on one thread, for the CPU that it was measured on.

    Parameters
    ----------
    cpu
        LLVM's name of that CPU.
    platforms
        By the names that the run has: those of kind ``cpu`` tell what was compiled for. Rows of others are left out.

    Raises
    ------
    UserError
        llvm-mca does not know the CPU, or the run does not tell its architecture.
    NothingComparableError
        There is no llvm-mca, or no row that can be predicted.
    """
    program = llvm_mca.find()
    if program is None:
        raise NothingComparableError("llvm-mca is not on the PATH; install LLVM, as by apt install llvm")
    if not (isa := run.header.machine.get("isa")):
        raise UserError(f"{run.source}: expected the machine's isa in the header, such as x86_64; measure it again")
    here = ModelledPlatform(kind="modelled", triple=f"{isa}-linux-gnu", cpu=cpu, clock_ghz=1, source="fitted below")
    if reason := modelled.obstacle(here):
        raise UserError(f"--cpu {cpu}: {reason}")
    models: dict[str, Model] = {}
    pairs: list[tuple[str, Row, Row]] = []
    unchecked: list[str] = []
    for measured in filter(_within_the_model, run.rows):
        name = measured.platform or run.header.platform
        if not isinstance(platform := platforms.get(name), CpuPlatform):
            continue
        if name not in models:
            models[name] = Model(
                program, describe(here.triple, platform.numba_cpu or cpu, platform.numba_features or ""), cpu
            )
        prediction = modelled.predicted(_case(measured), models[name], here.clock_ghz)
        if reason := _unlike(prediction, measured):
            unchecked.append(f"{name}: {measured.case}: {reason}")
        else:
            pairs.append((name, prediction, measured))
    if not pairs:
        raise NothingComparableError(f"nothing to compare: {next(iter(unchecked), 'the run has no kernel of ours')}")
    checks = [check(*pair) for pair in pairs]
    clock_ghz = statistics.median(1 / (1 + one.error) for one in checks)
    return Validation(
        cpu=cpu,
        model=f"llvm-mca {llvm_mca.version(program)}",
        created=run.header.created,
        clocks_ghz={0: clock_ghz},
        clock_source="fitted: the run does not tell it",
        codes={name: code_of(model.target) for name, model in models.items()},
        checks=tuple(replace(one, predicted_gmacs_per_s=one.predicted_gmacs_per_s * clock_ghz) for one in checks),
        unchecked=tuple(unchecked),
    )


def _within_the_model(row: Row) -> bool:
    """A kernel of ours on one thread, with more than one row: what is used once comes from memory, not from caches."""
    ours = row.kernel in PRODUCTS and not beyond(PRODUCTS[row.kernel]) and row.scope == "kernel" and row.threads == 1
    return ours and row.timed and row.shape["m"] > 1


def _case(row: Row) -> Case:
    return Case(row.kernel, bare_gemm(*(row.shape[size] for size in "mnk")), "kernel", 1)


def _unlike(prediction: Row, measured: Row) -> str:
    """Why a prediction is not of what was measured, or nothing."""
    if prediction.median_s is None or prediction.codegen is None:
        return prediction.reason
    then, now = (measured.codegen or {}).get("tile"), prediction.codegen["tile"]
    return "" if then == now else f"the tile was {then}, and is {now} now"
