"""A disk that is read-only: one sentence, and everything is as it was."""

import subprocess

import pytest
from synthetic import mixed_run

from fatnn_bench.interchange import tabular
from fatnn_bench.records import store


@pytest.fixture
def read_only(disk):
    """That disk with one file, ``old``, which is a results file."""
    store.save(mixed_run(), disk / "old")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    return disk


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["old", "new"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("merge", "run.jsonl"),
        ("convert", "run.jsonl", "--to", "csv"),
        ("convert", "run.csv", "--from", "csv"),
        ("report", "run.jsonl"),
    ],
    ids=" ".join,
)
def test_nothing_is_written_and_one_sentence_says_why(command, tmp_path, read_only, arguments, name):
    store.save(mixed_run(), tmp_path / "run.jsonl")
    (tmp_path / "run.csv").write_text(tabular.to_csv(mixed_run()))
    before = files(tmp_path)
    done = command(*arguments, "-o", read_only / name)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert f"{read_only / name}: Read-only file system; name " in done.err
    assert files(tmp_path) == before
