"""Predictions: their arithmetic, their rows, and what the model leaves to be measured."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatnn_bench import launch, platforms
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import modelled
from fatnn_bench.machine import llvm_mca
from fatnn_bench.model import predict as prediction
from fatnn_bench.model.predict import Model, predict
from fatnn_bench.model.validated import known
from fatnn_bench.platforms import ModelledPlatform
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm
from fatnn_kernels import PRODUCTS, driver
from fatnn_kernels.target import current_target, describe

needs_mca = pytest.mark.skipif(llvm_mca.find() is None, reason="llvm-mca is not on the PATH")
BOARD = ModelledPlatform(
    kind="modelled", triple="aarch64-linux-gnu", cpu="cortex-a72", clock_ghz=1.5, source="a product brief"
)
SHIPPED = {name: entry for name, entry in platforms.load().items() if entry.kind == "modelled"}
TARGET = describe(BOARD.triple, BOARD.cpu, "")


def model(program=None):
    return Model(program or llvm_mca.find(), TARGET, BOARD.cpu)


def case(kernel="binary", m=48, n=64, k=512, scope="kernel", threads=1):
    return Case(kernel, bare_gemm(m, n, k), scope, threads)


def rows(platform, *cases):
    events = list(launch.events(platform, Request(list(cases), None, 0)))
    return events[0], [event.row.to_json() for event in events if event.event == "row"]


@given(name=st.sampled_from(list(PRODUCTS)), m=st.integers(1, 300), k=st.integers(1, 1200))
def test_the_tile_is_the_one_the_driver_chooses(name, m, k):
    """No tile is compiled: what is predicted of a block is put in its place."""
    ones = np.ones((m, k), np.float32)
    with mock.patch.object(prediction, "_tile_cycles", return_value={"loop": 1.0}):
        tile = predict(Model("llvm-mca", current_target(), "here"), name, m, 1, k).tile
    assert driver.pack_operands(PRODUCTS[name], ones, ones[:1])[0].tile == tile


@needs_mca
def test_cycles_are_those_of_the_tiles():
    tile = predict(model(), "binary", 784, 128, 512).tile
    one = predict(model(), "binary", tile.rows, tile.columns, 512)
    many = predict(model(), "binary", tile.rows * 3, tile.columns * 5, 512)
    assert one.tile == tile
    assert many.cycles == pytest.approx(15 * one.cycles)


@needs_mca
def test_a_loop_twice_as_long_takes_twice_as_long():
    short, long = (predict(model(), "two-bit", 4, 4, k).cycles for k in (32 * 300, 32 * 600))
    assert long == pytest.approx(2 * short, rel=0.05)


@needs_mca
def test_a_result_that_does_not_fit_a_panel_is_added_to(monkeypatch):
    whole = predict(model(), "float32", 6, 16, 200)
    monkeypatch.setattr(prediction, "panel_words", lambda tile, row_tiles: 20)
    parts = predict(model(), "float32", 6, 16, 200)
    assert whole.cycles < parts.cycles < 1.5 * whole.cycles


@needs_mca
def test_most_cycles_go_into_the_loop():
    found = predict(model(), "ternary-fatnn", 784, 128, 1152)
    assert found.hot_block.startswith("loop")
    assert 0.7 < found.hot_fraction < 1


@needs_mca
def test_a_row_is_modelled_and_has_no_samples():
    ready, (row,) = rows(BOARD, case())
    assert (row["status"], row["samples_s"], row["min_s"]) == ("MODELLED", [], None)
    assert row["median_s"] == pytest.approx(row["codegen"]["cycles"] / 1.5e9)
    assert row["gmacs_per_s"] == pytest.approx(row["macs"] / row["median_s"] * 1e-9)
    assert "at 1.5 GHz, not run; up to " in row["reason"]
    assert row["codegen"]["model"] == f"llvm-mca {llvm_mca.version(llvm_mca.find())}"
    assert ready.machine["frequency_hz"] == 1_500_000_000
    assert ready.machine["frequency_source"] == "a product brief"
    assert ready.software["llvm-mca"] == llvm_mca.version(llvm_mca.find())


@needs_mca
def test_the_error_bar_is_that_of_a_cpu_that_is_named():
    _, (row,) = rows(BOARD, case())
    factors = {f"{one.cpu}, {one.platform}": one.factor for one in known()}
    factor = factors[row["codegen"]["validated_on"]]
    assert row["ci_low_s"] * factor == pytest.approx(row["median_s"]) == pytest.approx(row["ci_high_s"] / factor)
    assert row["codegen"]["validated_on"].split(",")[0] in row["reason"]


@needs_mca
@pytest.mark.parametrize("name", SHIPPED)
def test_every_board_that_ships_has_a_model(name):
    if reason := modelled.obstacle(SHIPPED[name]):
        pytest.skip(reason)
    _, found = rows(SHIPPED[name], case("float32"), case("int8"), case("binary"))
    assert [row["status"] for row in found] == ["MODELLED"] * 3
    float32, _, binary = (row["median_s"] for row in found)
    assert binary < float32


@pytest.mark.parametrize(
    ("unmodelled", "reason"),
    [
        (case("blas.float32"), "the model knows the code of the suite's own kernels only"),
        (case(scope="layer"), "the model covers the scope kernel, packed × packed, not layer"),
        (case(threads=2), "the model covers one thread, and nothing that cores share"),
    ],
)
def test_what_the_model_does_not_cover_is_skipped(unmodelled, reason):
    row = modelled.predicted(unmodelled, model("llvm-mca"), 1.0)
    assert (row.status, row.reason, row.median_s) == ("SKIPPED", reason, None)


@needs_mca
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [({"cpu": "risky9"}, "does not know risky9"), ({"triple": "z80-unknown-cpm"}, "unable to get target")],
)
def test_a_cpu_without_a_model_is_skipped_before_llvm_sees_it(wrong, reason):
    _, (row,) = rows(BOARD.model_copy(update=wrong), case())
    assert row["status"] == "SKIPPED"
    assert reason in row["reason"]


def test_without_llvm_mca_all_is_skipped(monkeypatch):
    monkeypatch.setattr(llvm_mca, "find", lambda: None)
    _, (row,) = rows(BOARD, case())
    assert (row["status"], row["reason"]) == (
        "SKIPPED",
        "llvm-mca is not on the PATH; it comes with LLVM, as in apt install llvm",
    )
