"""A person's own model on the command line: listed, written as YAML to edit, planned, and run."""

import json

import pytest

pytest.importorskip("onnx")
import numpy as np
from onnx_files import model, node, saved


@pytest.fixture
def onnx_file(tmp_path):
    nodes = [
        node("Conv", "x", "a.weight", output="c1", pads=[1, 1, 1, 1]),
        node("Conv", "c1", "b.weight", output="c2", pads=[1, 1, 1, 1]),
        node("Conv", "c2", "wide.weight", output="c3", pads=[0, 0, 0, 1]),
        node("Conv", "c3", "dw.weight", output="c4", group=8),
        node("GlobalAveragePool", "c4", output="g"),
        node("Flatten", "g", output="f"),
        node("Gemm", "f", "fc.weight", transB=1),
    ]
    shapes = {"a": (8, 8, 3, 3), "b": (8, 8, 3, 3), "wide": (8, 8, 1, 2), "dw": (8, 1, 3, 3), "fc": (5, 8)}
    constants = {f"{name}.weight": np.zeros(shape, np.float32) for name, shape in shapes.items()}
    return saved(model(nodes, {"x": ("batch", 8, 6, 6)}, constants), tmp_path / "mine.onnx")


def test_it_is_listed(command, onnx_file):
    done = command("list", "--shapes", onnx_file, "--batch", 2)
    assert (done.code, done.err) == (0, "")
    rows = {line.split()[0]: " ".join(line.split()) for line in done.out.splitlines() if line.strip()}
    assert rows["a"] == "a 2 2×8×6×6 3×3, padding 1 72×8×72 8.29e-05 all"
    assert rows["wide"].endswith("1×2, padding 0×0×0×1 72×8×16 9.22e-06 kernel")
    assert rows["dw"].endswith("3×3, groups 8 8 of 32×1×9 2.3e-06 none")
    assert "7 nodes: 4 Conv, 1 Gemm; the rest takes no product" in done.out


def test_yaml_of_it_is_shapes_again(command, onnx_file):
    for listed in ("mine.onnx", "mine.yaml"):
        assert command("list", "--shapes", listed, *["--batch", "2"] * (listed == "mine.onnx"), "--format", "yaml",
                       "-o", "mine.yaml").code == 0  # fmt: skip
    told = [
        json.loads(command("list", "--shapes", shapes, *batch, "--format", "json").out)["layers"]
        for shapes, batch in (("mine.onnx", ("--batch", 2)), ("mine.yaml", ()))
    ]
    assert [layer | {"members": []} for layer in told[0]] == told[1]
    assert told[0][0]["members"] == ["a", "b"]


def test_it_is_planned_and_what_cannot_run_is_skipped(command, onnx_file):
    done = command("run", "--shapes", onnx_file, "--batch", 2, "--kernel", "binary", "--scope", "layer", "--dry-run")
    assert done.out.splitlines() == [
        "binary/mine.a/layer@1  72×8×72",
        "binary/mine.wide/layer@1  SKIPPED: a kernel of 1×2 and padding of 0, 0, 0, 1 (top, left, bottom, right): "
        "scope layer runs square windows; scope kernel times the matrix product",
        "binary/mine.dw/layer@1  SKIPPED: grouped convolution: 8 groups make 8 small products of 32×1×9, not one GEMM",
        "binary/mine.fc/layer@1  2×5×8",
    ]
    assert done.err.splitlines()[0] == "mine: 7 nodes: 4 Conv, 1 Gemm; the rest takes no product"


@pytest.mark.parametrize(("scope", "statuses"), [("kernel", "PPSP"), ("layer", "PSSP")])
def test_it_is_run_as_far_as_the_scope_goes(command, onnx_file, scope, statuses):
    done = command("verify", "--shapes", onnx_file, "--batch", 2, "--kernel", "binary", "--scope", scope)
    assert done.code == 0, done.err
    assert "".join(line[0] for line in done.out.splitlines()) == statuses


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("list --shapes mine.onnx", "leaves its batch open, input 'x', dimension 1 of 4; say how many: --batch 1"),
        ("list --shapes mine.onnx --batch 1 --tokens 1", "--tokens 1: nothing in --shapes mine.onnx leaves its tokens"),
        ("run --shapes gemm --batch 4 --dry-run", "--batch 4: nothing in --shapes gemm leaves its batch open"),
        ("list --shapes resnet18 --batch 2147483648", "--batch 2147483648: resnet18: layer resnet18.conv1: batch is 2"),
        ("run --scope network --tokens 4 --dry-run", "--tokens 4: scope network runs networks of images; leave it out"),
        ("list kernels --shapes resnet18", "list kernels lists no layers; leave kernels or --shapes out"),
        ("list --format yaml", "--format and -o write layers; name some with --shapes"),
        ("list --shapes resnet18,7x7x7 --format yaml", "names 2 networks, and a YAML file holds one; name one"),
    ],
)
def test_refuses(command, onnx_file, arguments, message):
    done = command(*arguments.split())
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("fatnn-bench: ")
    assert message in done.err


def test_a_run_of_it_goes_on_with_what_it_was_given(command, onnx_file):
    done = command(
        "run", "--shapes", onnx_file, "--batch", 2, "--kernel", "binary", "--layer", "fc", "--quick", "-o", "r.jsonl"
    )
    assert done.code == 0, done.err
    again = command("run", "--resume", "r.jsonl", "--shapes", onnx_file, "--dry-run")
    assert (again.code, again.out) == (0, "")
    other = command("run", "--resume", "r.jsonl", "--shapes", onnx_file, "--batch", 3, "--dry-run")
    assert "--batch was 2 and is 3 now" in other.err
