"""One name, two things: told apart by shape, and by fields rather than by the id."""

import pytest
from synthetic import make_row, make_run

from fatnn_bench.errors import UserError
from fatnn_bench.records import resume, store
from fatnn_bench.records.identity import counting, difference, key, layer_names
from fatnn_bench.records.run import Status
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer, bare_gemm

SMALL = {"name": "fc", "m": 1, "n": 1000, "k": 512, "in_channels": 512}
LARGE = {"name": "fc", "m": 1, "n": 1000, "k": 2048, "in_channels": 2048}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, None),
        ({"name": "fc2", "count": 4, "network": "other"}, None),
        ({"in_channels": None}, None),
        ({"in_channels": 2048, "k": 2048}, ("in_channels", 512, 2048)),
        ({"k": 2048}, ("k", 512, 2048)),
    ],
)
def test_a_shape_differs_by_its_sizes_and_not_by_what_is_unknown(change, found):
    assert difference(SMALL, SMALL | change) == found


def test_a_layer_is_known_by_its_fields_whatever_the_kernel_is_called():
    row = make_row("W1A1/xnor", "a/b", network="net")
    assert row.layer == "net.a/b"
    assert key(row) != key(make_row("W1A1", "xnor/net.a/b", network=None, case=row.case))


def test_layers_of_one_name_and_two_shapes_are_named_apart():
    rows = [make_row("int8", shape=SMALL), make_row("binary", shape=LARGE), make_row("int8", "conv")]
    assert layer_names(rows) == ["fc of 1×1000×512, shape 1", "fc of 1×1000×2048, shape 2", "conv"]
    assert layer_names([make_row("int8", shape=SMALL, platform=p) for p in ("a", "b")]) == ["fc", "fc"]


def test_the_last_row_of_a_case_counts_and_that_is_said():
    first, second = make_row("int8", ms=1.0), make_row("int8", ms=2.0)
    rows, notice = counting([first, make_row("binary"), second])
    assert [row.median_s for row in rows] == [0.002, None]
    assert notice == "int8/net.conv1/kernel@1 stands more than once; the last row of a case counts"
    assert counting([make_row("int8", status=Status.ERROR), second]) == ([second], "")


def test_a_file_with_a_case_twice_is_read_with_a_word(tmp_path):
    store.save(make_run(make_row("int8", ms=1.0), make_row("int8", ms=2.0)), tmp_path / "r.jsonl")
    run = store.read(tmp_path / "r.jsonl")
    assert [row.median_s for row in run.rows] == [0.002]
    assert "int8/net.conv1/kernel@1 stands more than once" in run.warnings[0]


def test_runs_of_one_layer_in_two_shapes_are_not_merged():
    runs = [make_run(make_row("int8", shape=SMALL)), make_run(make_row("binary", shape=LARGE), source="b.jsonl")]
    with pytest.raises(UserError, match=r"net.fc has in_channels 2048 in b.jsonl and 512 in the files before it"):
        resume.merged(runs, "", [])


def test_a_run_is_not_gone_on_with_in_another_shape():
    case = Case("binary", bare_gemm(1, 1000, 512), "kernel", 1)
    run = make_run(make_row("int8", network=None, shape={"name": "1x1000x512", "m": 1, "n": 1000, "k": 2048}))
    with pytest.raises(UserError, match=r"1x1000x512 has k 2048 in .* and 512 asked for now"):
        resume.missing([case], run)
    assert resume.missing([Case("binary", Layer(name="fc", kind="linear", in_channels=1, out_channels=1), "k", 1)], run)
