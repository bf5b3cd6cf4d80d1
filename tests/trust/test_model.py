"""The model against this machine, and the clock that it is given."""

import math
from dataclasses import replace

import pytest

from fatnn_bench.errors import NothingComparableError, UserError
from fatnn_bench.machine import llvm_mca
from fatnn_bench.model import clock
from fatnn_bench.model.validated import code_of, known
from fatnn_bench.platforms import CpuPlatform, ModelledPlatform
from fatnn_bench.printing.formats import Format
from fatnn_bench.printing.render import as_text
from fatnn_bench.records.run import Row, Status, unmeasured
from fatnn_bench.trust import model
from fatnn_bench.trust.model import Check, Validation
from fatnn_bench.workload.layers import bare_gemm
from fatnn_kernels.target import current_target

LAYER = bare_gemm(24, 32, 256)
NATIVE = {"native": CpuPlatform(kind="cpu", threads=1)}


def validation(*pairs):
    checks = tuple(Check("native", "a", "binary", predicted, measured) for predicted, measured in pairs)
    unchecked = ("native: int8/a/kernel@1: not installed",)
    return Validation(
        "zen", "llvm-mca 22", "2026-11-27T00:00:00+00:00", {0: 3.0, 512: 2.8}, "measured", {}, checks, unchecked
    )


def test_twice_too_fast_and_twice_too_slow_are_alike_wrong():
    assert [check.error for check in validation((2, 1), (1, 2)).checks] == [1, -0.5]
    assert validation((2, 1), (1, 2)).typical_error == pytest.approx(1)
    assert validation((5, 5)).typical_error == 0
    assert validation((5, 5), (2, 1), (1, 3)).largest_error == pytest.approx(2)


def test_the_table_says_how_far_it_is_off():
    text = as_text(model.document(validation((110, 100))), Format.MARKDOWN)
    assert "| native | a | binary | 110 | 100 | +10% |" in " ".join(text.split(" ")).replace("  ", " ")
    assert "typically off by 10%" in text


def test_a_kernel_is_off_by_the_mean_of_its_layers():
    text = as_text(model.document(validation((110, 100), (100, 100), (121, 100))), Format.MARKDOWN)
    assert "| native | binary | 3 | +10% | +0% | +21% |" in text


def test_what_is_in_no_check_is_told():
    text = as_text(model.document(validation((110, 100))), Format.MARKDOWN)
    assert "int8/a/kernel@1: not installed" in text


def test_the_clock_is_one_that_a_cpu_can_have():
    first, second = clock.measure_hz(), clock.measure_hz(multiplied_bits=256)
    assert 0.2e9 < first < 8e9
    assert math.isclose(first, second, rel_tol=0.3)


def test_every_product_is_checked_by_its_fastest_sample(monkeypatch):
    def measure(platform, cases, seed):
        return {case.id: _measured(case) for case in cases}

    monkeypatch.setattr(llvm_mca, "find", lambda: "llvm-mca")
    monkeypatch.setattr(llvm_mca, "version", lambda program: "22")
    monkeypatch.setattr(model, "_measure", measure)
    monkeypatch.setattr(model, "predicted", lambda case, *_: _measured(case))
    found = model.validate([LAYER], NATIVE)
    modelled = {name for name, product in model.PRODUCTS.items() if product.way != "tiles"}
    assert {check.kernel for check in found.checks} == modelled
    assert {check.measured_gmacs_per_s for check in found.checks} == {LAYER.macs * 1e-3}


def _measured(case):
    row = unmeasured(case, Status.PASSED).to_json()
    return Row.from_json(row | {"median_s": 2e-6, "min_s": 1e-6, "gmacs_per_s": 5.0})


def test_without_llvm_mca_there_is_nothing_to_compare(monkeypatch):
    monkeypatch.setattr(llvm_mca, "find", lambda: None)
    with pytest.raises(NothingComparableError, match="llvm-mca is not on the PATH; install LLVM"):
        model.validate([LAYER], NATIVE)


def test_the_model_is_not_compared_with_itself(monkeypatch):
    board = ModelledPlatform(kind="modelled", triple="aarch64-linux-gnu", cpu="cortex-a72", clock_ghz=1, source="x")
    monkeypatch.setattr(llvm_mca, "find", lambda: "llvm-mca")
    with pytest.raises(UserError, match="board is no platform of kind cpu with one thread"):
        model.validate([LAYER], {"board": board})


def test_what_is_saved_is_what_error_bars_are_read_from(tmp_path):
    """The JSON that is printed is a file of the model's."""
    found = replace(validation((110, 100)), codes={"native": code_of(current_target())})
    (tmp_path / "zen.json").write_text(as_text(model.document(found), Format.JSON))
    (one,) = known(tmp_path)
    assert (one.cpu, one.platform, one.code) == ("zen", "native", code_of(current_target()))
    assert one.factor == pytest.approx(1.1)
