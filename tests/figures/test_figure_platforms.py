"""Figures of platforms and of threads: what is compared with what."""

from dataclasses import replace

import pytest
from synthetic import make_row, make_run

from fatnn_bench.errors import Exit, NothingComparableError
from fatnn_bench.figures import platforms, saving, scaling
from fatnn_bench.records.run import Status
from fatnn_bench.records.side_by_side import joined, part, worst


def board(name, float32_ms, binary_ms, status=Status.PASSED, **changes):
    rows = (make_row("float32", ms=float32_ms, status=status), make_row("binary", ms=binary_ms, status=status))
    return make_run(*(replace(row, **changes) for row in rows), platform=name)


def by_platform(table):
    return {(row.platform, row.origin): row.speedup for row in table.itertuples()}


def test_each_platform_is_compared_with_its_own_float32():
    runs = [board("here", 8.0, 2.0), board("there", 6.0, 1.0, Status.MODELLED), board("paper", 9, 1, Status.IMPORTED)]
    expected = {("here", "measured"): 4, ("there", "modelled"): 6, ("paper", "imported"): 9}
    assert by_platform(platforms.table(runs)) == pytest.approx(expected)
    assert by_platform(platforms.table([joined(runs)])) == pytest.approx(expected)


def test_what_is_measured_is_not_compared_with_what_is_modelled():
    mixed = make_run(make_row("float32", ms=8.0), make_row("binary", ms=1.0, status=Status.MODELLED))
    with pytest.raises(NothingComparableError, match="no platform has a time for a float32 kernel and for another"):
        platforms.table([mixed])


def test_layers_make_a_geometric_mean_and_the_fastest_float32_counts():
    run = make_run(
        make_row("float32", ms=8.0), make_row("blas.float32", ms=4.0), make_row("binary", ms=2.0),
        make_row("float32", "conv2", ms=8.0), make_row("binary", "conv2", ms=1.0), make_row("binary", "alone", ms=1.0),
    )  # fmt: skip
    found = platforms.table([run]).set_index("kernel")
    assert found.loc["binary", "speedup"] == pytest.approx(4)  # √(2 · 8)
    assert found.loc["binary", "layers"] == 2
    assert found.loc["float32", "speedup"] == pytest.approx(0.5)
    assert platforms.table([run], "float32").set_index("kernel").loc["blas.float32", "speedup"] == pytest.approx(2)


def test_what_is_modelled_is_hatched_and_said_to_be(tmp_path):
    runs = [board("here", 8.0, 2.0), board("there", 6.0, 1.0, Status.MODELLED)]
    figure = platforms.figure(runs, saving.Options())[1]
    here, there = (container[0] for container in figure.axes[0].containers)
    assert (here.get_hatch(), there.get_hatch()) == ("", "////")
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["here", "there\n(modelled)"]
    assert "hatched: modelled" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert saving.save("platforms", runs, tmp_path / "a.png")[1].read_text().startswith("platform,origin,")


def test_a_doubtful_number_is_marked():
    run = make_run(make_row("float32", ms=8.0), make_row("binary", ms=2.0, status=Status.MISTRUSTED))
    figure = platforms.figure([run], saving.Options())[1]
    assert [text.get_text() for text in figure.axes[0].texts] == ["4.00†"]


def on_threads(threads, ms):
    return make_run(replace(make_row("binary", ms=ms), threads=threads), platform=f"on-{threads}")


def test_threads_are_compared_with_the_fewest(tmp_path):
    runs = [on_threads(4, 2.0), on_threads(1, 6.0)]
    found = scaling.table(runs)
    assert dict(zip(found["threads"], found["speedup"], strict=True)) == pytest.approx({1: 1, 4: 3})
    assert scaling.table([joined(runs)])["speedup"].max() == pytest.approx(3)
    assert saving.save("scaling", runs, tmp_path / "a.svg")[0].exists()


def test_other_machines_and_kernels_are_no_threads_of_this_one():
    other = replace(on_threads(2, 3.0).header, machine={"cpu": "another"})
    with pytest.raises(NothingComparableError, match="run --platform native,native-all-threads"):
        scaling.table([on_threads(1, 6.0), replace(on_threads(2, 3.0), header=other)])
    with pytest.raises(NothingComparableError):
        scaling.table([on_threads(1, 6.0), on_threads(2, 3.0)], kernels="ternary-*")


def test_parts_of_a_sweep_lie_beside_it(tmp_path):
    assert part(tmp_path / "all.jsonl", "native") == tmp_path / "all.native.jsonl"


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], Exit.FINE),
        ([Exit.FINE, Exit.NOTHING], Exit.FINE),
        ([Exit.NOTHING, Exit.NOTHING], Exit.NOTHING),
        ([Exit.ERROR, Exit.WRONG_RESULT, Exit.FINE], Exit.WRONG_RESULT),
    ],
)
def test_the_worst_platform_decides(codes, code):
    assert worst(codes) is code
