"""The model against a run of another machine, whose clock nobody told."""

from dataclasses import replace

import pytest

from fatnn_bench.errors import NothingComparableError, UserError
from fatnn_bench.launch import modelled
from fatnn_bench.machine import llvm_mca
from fatnn_bench.model.predict import Model
from fatnn_bench.platforms import CpuPlatform
from fatnn_bench.records.run import Status
from fatnn_bench.trust.saved_model import validate_saved
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm
from fatnn_kernels.target import describe
from tests.support.synthetic import make_run

pytestmark = pytest.mark.skipif(llvm_mca.find() is None, reason="llvm-mca is not on the PATH")
PLATFORMS = {
    "native": CpuPlatform(kind="cpu", threads=1),
    "level": CpuPlatform(kind="cpu", threads=1, numba_cpu="x86-64-v3"),
}
KERNELS = ("float32", "int8", "binary")


def measured(kernel, platform="native", times=1.0, **other):
    """A row that the model is right about at 3 GHz, or so many times faster than it says."""
    target = describe("x86_64-linux-gnu", PLATFORMS[platform].numba_cpu or "znver4", "")
    model = Model(llvm_mca.find(), target, "znver4")
    row = modelled.predicted(Case(kernel, bare_gemm(48, 64, 640), "kernel", 1), model, 3.0)
    fastest = row.median_s / times
    return replace(row, status=Status.PASSED, median_s=fastest * 1.1, min_s=fastest, platform=platform, **other)


def validated(*rows, machine=None, cpu="znver4"):
    return validate_saved(make_run(*rows, machine=machine or {"isa": "x86_64"}), cpu, PLATFORMS)


def test_the_clock_is_the_one_at_which_most_is_right():
    found = validated(*map(measured, KERNELS))
    assert found.clocks_ghz == {0: pytest.approx(3.0)}
    assert found.largest_error == pytest.approx(0, abs=1e-9)


def test_a_kernel_that_is_off_is_off_by_as_much():
    found = validated(measured("float32"), measured("int8", times=2.0), measured("binary"))
    assert {one.kernel: one.error for one in found.checks} == {
        "float32": pytest.approx(0, abs=1e-9),
        "int8": pytest.approx(-0.5),
        "binary": pytest.approx(0, abs=1e-9),
    }


def test_a_level_is_modelled_as_it_was_compiled():
    found = validated(measured("int8"), measured("int8", "level"), measured("binary", "level"))
    assert found.largest_error == pytest.approx(0, abs=1e-9)
    assert found.codes["native"].vector_bits == 512
    assert found.codes["level"].vector_bits == 256


def test_what_is_not_alike_is_told_and_what_memory_bounds_is_left_out():
    one_row = replace(measured("int8"), shape={"name": "fc", "m": 1, "n": 64, "k": 640})
    once = measured("binary")
    other = replace(once, codegen=once.codegen | {"tile": "9x9"})
    found = validated(measured("float32"), one_row, other)
    assert [one.kernel for one in found.checks] == ["float32"]
    (reason,) = found.unchecked
    assert "the tile was 9x9, and is " in reason


@pytest.mark.parametrize(
    ("machine", "cpu", "message"),
    [({"isa": "x86_64"}, "risky9", "--cpu risky9: llvm-mca .* does not know risky9"), ({"cpu": "x"}, "znver4", "isa")],
)
def test_a_machine_that_nobody_knows_is_refused(machine, cpu, message):
    with pytest.raises(UserError, match=message):
        validated(measured("binary"), machine=machine, cpu=cpu)


def test_a_run_without_kernels_of_ours_has_nothing_to_compare():
    with pytest.raises(NothingComparableError, match="the run has no kernel of ours"):
        validated(replace(measured("binary"), kernel="blas.float32"))
