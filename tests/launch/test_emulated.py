"""Kernels of another architecture, run by qemu: right, and without a time."""

import pytest

from fatnn_bench import launch
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import emulated
from fatnn_bench.model.tile_code import beyond
from fatnn_bench.platforms import EmulatedPlatform
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm
from fatnn_kernels import PRODUCTS

ARM = EmulatedPlatform(kind="emulated", triple="aarch64-linux-gnu", cpu="cortex-a76")


def rows(platform, *kernels, scope="kernel"):
    cases = [Case(kernel, bare_gemm(7, 13, 45), scope, 1) for kernel in kernels]
    events = list(launch.events(platform, Request(cases, None, 0)))
    return [event.row.to_json() for event in events if event.event == "row"]


@pytest.fixture
def _qemu():
    if reason := emulated.obstacle(ARM):
        pytest.skip(reason)


@pytest.mark.usefixtures("_qemu")
def test_every_product_is_right_on_arm():
    found = rows(ARM, *(name for name, product in PRODUCTS.items() if not beyond(product)))
    assert {row["status"] for row in found} == {"PASSED"}
    assert {row["median_s"] for row in found} == {None}
    assert found[0]["reason"] == "right under qemu-aarch64, which tells no time"


@pytest.mark.usefixtures("_qemu")
def test_matrix_tiles_are_skipped_as_nothing_emulates_them():
    (row,) = rows(ARM, "int8-tiles")
    assert (row["status"], row["reason"]) == ("SKIPPED", beyond(PRODUCTS["int8-tiles"]))


@pytest.mark.usefixtures("_qemu")
def test_a_wrong_result_is_found(monkeypatch):
    real = emulated._run
    monkeypatch.setattr(emulated, "_run", lambda *arguments: real(*arguments) + 1)
    (row,) = rows(ARM, "binary")
    assert (row["status"], "wrong result at [0, 0]" in row["reason"]) == ("FAILED", True)


@pytest.mark.usefixtures("_qemu")
def test_what_it_does_not_cover_is_skipped():
    assert [row["status"] for row in rows(ARM, "blas.float32")] == ["SKIPPED"]
    assert [row["status"] for row in rows(ARM, "binary", scope="layer")] == ["SKIPPED"]


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert emulated.obstacle(ARM) == "qemu-aarch64 is not on the PATH; apt install qemu-user-static"
    monkeypatch.setattr(emulated, "_qemu", lambda platform: "qemu-aarch64")
    assert emulated.obstacle(ARM) == "aarch64-linux-gnu-gcc is not on the PATH; apt install gcc-aarch64-linux-gnu"
