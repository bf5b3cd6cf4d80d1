"""``accuracy`` and ``export`` from end to end, and what they refuse."""

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from fatnn_bench.accuracy import extra, records
from fatnn_bench.cli import accuracy, export
from fatnn_bench.errors import UserError, WritingStoppedError

app = typer.Typer()
app.command()(accuracy.accuracy)
app.command()(export.export)


def invoke(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception:
        raise result.exception
    return result.stdout


@pytest.fixture
def _torch():
    torch = pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(before[0])
    torch.use_deterministic_algorithms(before[1])


@pytest.mark.usefixtures("_torch")
def test_train_resume_export_and_run(tmp_path):
    from fatnn_bench.accuracy.datasets import catalog
    from fatnn_bench.engine import Engine, load

    run = tmp_path / "run.jsonl"
    printed = invoke("accuracy", "--seeds", 1, "--epochs", 1, "--precision", "float32,fatnn", "-o", run)
    assert "fatnn" in printed
    assert "on 899 test images" in printed
    before = run.read_text()
    lines = before.splitlines(keepends=True)
    run.write_text("".join(lines[:-1]) + lines[-1][:20])  # as a kill leaves it
    invoke("accuracy", "--resume", run)
    assert len(run.read_text().splitlines()) == len(lines)
    invoke("export", tmp_path / "run" / "fatnn-seed0.pt", "-o", tmp_path / "net.fatnn")
    pixels = catalog.load("digits").test.pixels(np.arange(4))
    assert Engine(load(tmp_path / "net.fatnn")).logits(pixels).shape == (4, 10)
    with pytest.raises(UserError, match="layer conv1 cannot be exported"):
        invoke("export", tmp_path / "run" / "float32-seed0.pt", "-o", tmp_path / "float.fatnn")
    with pytest.raises(UserError, match=r"go on with --resume .*run\.jsonl"):
        invoke("accuracy", "-o", run)


@pytest.mark.usefixtures("_torch")
def test_a_full_disk_is_one_sentence_and_leaves_no_file(small_disk):
    run = small_disk(0)
    with pytest.raises(UserError, match=r"cannot write to .*run\.jsonl: No space left on device; make room, or name"):
        invoke("accuracy", "--seeds", 1, "--epochs", 1, "--precision", "fatnn", "-o", run)
    assert [path.name for path in run.parent.iterdir()] == ["filler"]


@pytest.mark.usefixtures("_torch")
def test_a_disk_that_is_full_half_way_keeps_whole_files_and_with_more_room_the_run_goes_on(small_disk):
    run = small_disk(3)  # for the header, and for no network
    arguments = ("accuracy", "--seeds", 1, "--epochs", 1, "--precision", "fatnn", "-o", run)
    with pytest.raises(WritingStoppedError, match=r"start-seed0\.pt: No space left on device; make room, then go on"):
        invoke(*arguments)
    assert records.read(run).rows == ()
    assert sorted(path.name for path in run.parent.rglob("*")) == ["filler", "run", "run.jsonl"]
    (run.parent / "filler").unlink()
    assert "fatnn" in invoke("accuracy", "--resume", run)
    assert [row.precision for row in records.read(run).rows] == ["fatnn"]


@pytest.mark.usefixtures("_torch")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--dataset", "svhn"], "there is no data set 'svhn'"),
        (["--network", "vgg"], "there is no network 'vgg' to train"),
        (["--order", "abc"], "there is no order 'abc' to train"),
        (["--precision", "int3"], "no precision matches 'int3'"),
        (["--dataset", "mnist", "--data", "nowhere"], "there is no folder nowhere"),
        (["--resume", "none.jsonl"], r"cannot read none\.jsonl"),
        (["--resume", "none.jsonl", "-o", "a.jsonl"], "leave -o out"),
    ],
)
def test_refusals_leave_no_file(tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=reason):
        invoke("accuracy", *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["accuracy"], ["export", "net.pt", "-o", "net.fatnn"]])
def test_without_pytorch_one_sentence_names_the_remedy(monkeypatch, command):
    monkeypatch.setattr(extra, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"PyTorch is not installed.*pip install 'fatnn-bench\[accuracy\]'"):
        invoke(*command)


def test_the_engine_loads_neither_pytorch_nor_the_training(tmp_path):
    import subprocess
    import sys

    code = "import sys, fatnn_bench.engine; print([m for m in sys.modules if m in ('torch', 'fatnn_bench.accuracy')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
