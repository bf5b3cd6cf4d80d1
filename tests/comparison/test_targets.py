from dataclasses import replace

import pytest
from synthetic import make_row, make_run

from fatnn_bench.comparison import targets
from fatnn_bench.errors import NothingComparableError


def row(kernel, ms, scope="layer", stage=2, m=3136, share=0.9):
    layer = f"conv{stage}_x"
    return make_row(
        kernel,
        layer,
        ms=ms,
        network="resnet18",
        case=f"{kernel}/resnet18.{layer}/{scope}@1",
        scope=scope,
        shape={"name": layer, "m": m, "count": 1},
        peak_fraction=share,
    )


def test_ratios_are_to_the_fastest_of_other_libraries():
    run = make_run(
        row("ternary-fatnn", 0.2), row("torch.int8", 0.6), row("onnxruntime.int8", 0.42), row("two-bit", 0.34)
    )
    found = {figure.target: figure for figure in targets.measured([run])}
    assert set(found) == {
        "ternary-fatnn, float in → int32 out",
        "ternary-fatnn / fastest int8 layer of torch, onnxruntime",
        "ternary-fatnn / two-bit, layer",
    }
    int8 = found["ternary-fatnn / fastest int8 layer of torch, onnxruntime"]
    assert (int8.measured, int8.least, int8.is_met) == (pytest.approx(2.1), 2.2, False)
    assert not found["ternary-fatnn / two-bit, layer"].is_met
    assert found["ternary-fatnn, float in → int32 out"].is_met


def test_fewer_rows_may_be_further_from_the_limit():
    many, few = (
        targets.measured([make_run(row("binary", 1, "kernel", stage, m, 0.92))]) for stage, m in ((4, 196), (5, 49))
    )
    assert [(figure.least, figure.is_met) for figure in many + few] == [(0.95, False), (0.90, True)]


def test_runs_of_several_scopes_make_one_table():
    runs = [make_run(row("ternary-fatnn", 1, "kernel", share=0.96)), make_run(row("ternary-fatnn", 1, "packed", 3))]
    (sheet,) = targets.document(runs).sheets
    assert sheet.columns == ("what", "at least", "conv2_x", "conv3_x")
    assert sheet.rows == (
        ("ternary-fatnn, kernel", "95% (M < 196: 90%)", "96.0%", "—"),
        ("ternary-fatnn, packed → packed", "90%", "—", "90.0%"),
    )


def test_a_run_of_other_layers_has_no_targets():
    with pytest.raises(NothingComparableError, match="no target was measured"):
        targets.document([make_run(make_row("binary", ms=1.0))])


def test_tiles_are_held_against_others_and_not_against_their_registers():
    kernels = [("ternary-fatnn", 0.5), ("ternary-tiles", 0.25)]
    layer = make_run(*(row(name, ms) for name, ms in kernels), row("ternary-tiles", 0.25, stage=5, m=49))
    kernel = make_run(replace(row("ternary-tiles", 0.2, "kernel", share=0.3), way="tiles"))
    name = "ternary-tiles / ternary-fatnn, layer"
    assert [one[0:5:4] for one in targets.measured([layer, kernel]) if "tiles" in one.target] == [(name, False)]
    (sheet,) = targets.document([layer]).sheets
    assert (name, "2.5× (M < 196: 1×)", "2.00× !") in sheet.rows
