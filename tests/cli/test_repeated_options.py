"""What chooses may be given again, and take commas: both add up."""

import pytest
from synthetic import make_row, make_run

from fatnn_bench.records import store


@pytest.mark.parametrize(
    ("once", "again"),
    [
        (["--kernel", "binary,int8"], ["--kernel", "binary", "--kernel", "int8"]),
        (["--layer", "conv2_x,conv3_x"], ["--layer", "conv2_x", "--layer", "conv3_x"]),
        (["--shapes", "3x4x5,resnet18"], ["--shapes", "3x4x5", "--shapes", "resnet18"]),
        (["--platform", "native,native-all-threads"], ["--platform", "native", "--platform", "native-all-threads"]),
    ],
)
def test_run_adds_up_what_is_chosen(command, once, again):
    first, second = command("run", "--dry-run", *once), command("run", "--dry-run", *again)
    assert first.code == 0
    assert len(first.out.splitlines()) > 1
    assert (second.code, second.out, second.err) == (first.code, first.out, first.err)


def test_verify_adds_up_what_is_chosen(command):
    done = command("verify", "--shapes", "3x4x5", "--shapes", "2x2x2", "--kernel", "binary", "--kernel", "int8")
    assert [line.split()[1] for line in done.out.splitlines()] == [
        f"{kernel}/{shape}/kernel@1" for shape in ("3x4x5", "2x2x2") for kernel in ("int8", "binary")
    ]


def test_plot_adds_up_what_is_chosen(command, tmp_path):
    rows = [make_row(kernel, ms=1.0, stages_s={"product": 1e-3}) for kernel in ("int8", "binary", "two-bit")]
    store.save(make_run(*rows), tmp_path / "r.jsonl")
    options = ("--kind", "stages", "-o", "f.svg", "--kernel", "int8", "--kernel", "binary")
    assert command("plot", "r.jsonl", *options).code == 0
    assert "two-bit" not in (tmp_path / "f.csv").read_text()
    assert {"int8", "binary"} < set((tmp_path / "f.csv").read_text().replace("\n", ",").split(","))


def test_one_platform_is_asked_of_peak_and_inspect_however_they_are_given(command):
    twice = ("--platform", "native", "--platform", "native-all-threads")
    for arguments in (["peak"], ["inspect", "binary/3x4x5"]):
        assert "--platform native,native-all-threads names 2 platforms" in command(*arguments, *twice).err


def test_accuracy_adds_up_what_is_chosen(command):
    pytest.importorskip("torch")
    done = command("accuracy", "--precision", "float32", "--precision", "nothing*")
    assert "no precision matches 'nothing*'" in done.err
