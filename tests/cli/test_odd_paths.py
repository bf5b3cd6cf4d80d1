"""Files whose names are no text or too long, links that go round in a circle, and pipes: a result, or one sentence."""

import json
import os
import threading

import pytest
from synthetic import mixed_run

from fatnn_bench.records import store

#: Bytes that are no UTF-8, as Python writes them.
NO_TEXT = "caf\udce9"
TOO_LONG = "x" * 300
ENTRY = "mine: {kind: cpu, threads: 1}\n"


@pytest.fixture
def saved(tmp_path):
    store.save(mixed_run(), tmp_path / f"{NO_TEXT}.jsonl")
    return f"{NO_TEXT}.jsonl"


@pytest.mark.parametrize("form", ["table", "json", "csv", "latex"])
def test_results_in_a_file_whose_name_is_no_text_are_printed(command, saved, tmp_path, form):
    store.save(mixed_run(), tmp_path / "other.jsonl")
    for arguments in (("show", saved), ("compare", saved, "other.jsonl")):
        done = command(*arguments, "--format", form, "-o", "out")
        assert (done.code, done.err) == (0, "")
        assert (tmp_path / "out").read_bytes().decode()


def test_results_in_a_file_whose_name_is_no_text_are_bundled_and_merged(command, saved, tmp_path):
    assert command("bundle", saved, "-o", f"{NO_TEXT}.zip").code == 0
    assert command("merge", saved, "-o", "merged.jsonl").code == 0
    header = json.loads((tmp_path / "merged.jsonl").read_bytes().splitlines()[0])
    assert header["command"] == ["fatnn-bench", "merge", r"caf\udce9.jsonl", "-o", "merged.jsonl"]


def test_a_run_goes_into_a_file_whose_name_is_no_text(shell, tmp_path, fake_contenders):
    (tmp_path / f"{NO_TEXT}.yaml").write_text(ENTRY)
    files = ("--platforms", f"{NO_TEXT}.yaml")
    run = ("run", "--platform", "mine", "--shapes", "3x3x3", "--kernel", "good", "--quick", "-o", f"{NO_TEXT}.jsonl")
    assert shell(*run, *files, PYTHONPATH=fake_contenders).returncode == 0
    done = shell("run", "--resume", f"{NO_TEXT}.jsonl", *files, PYTHONPATH=fake_contenders)
    assert done.returncode == 0, done.stderr
    assert store.read(tmp_path / f"{NO_TEXT}.jsonl").header.options["platforms"] == r"caf\udce9.yaml"


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", f"{TOO_LONG}/run.jsonl"),
        ("new-kernel", "mine", "-o", TOO_LONG),
        ("list", "--plugin", TOO_LONG),
        ("list", "--plugin", "circle"),
        ("platforms", "add", "--platforms", f"{TOO_LONG}/x", "cpu", "mine", "threads=1"),
        ("accuracy", "--dataset", "folder", "--data", TOO_LONG),
        ("export", TOO_LONG, "-o", "net.fatnn"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_no_file_can_be_is_one_sentence(command, tmp_path, arguments):
    if arguments[0] in ("accuracy", "export"):
        pytest.importorskip("torch")
    (tmp_path / "circle").symlink_to("circle")
    done = command(*arguments)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("fatnn-bench: ")


def test_a_folder_that_cannot_be_looked_into_is_passed_over(tmp_path, monkeypatch):
    """The newest run is looked for below a folder, where processes end and folders go meanwhile."""
    (tmp_path / "gone").mkdir()
    store.save(mixed_run(), tmp_path / "run.jsonl")
    scandir = os.scandir

    def refuse(folder):
        if str(folder).endswith("gone"):
            raise FileNotFoundError(2, "No such file or directory", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert store.read(tmp_path).source == str(tmp_path / "run.jsonl")


def test_results_written_to_a_pipe_wait_for_its_reader(command, saved, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    got = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    done = command("merge", saved, "-o", "pipe")
    reader.join()
    assert (done.code, done.err) == (0, f"saved pipe: {len(mixed_run().rows)} rows\n")
    (tmp_path / "read.jsonl").write_bytes(got[0])
    assert len(store.read(tmp_path / "read.jsonl").rows) == len(mixed_run().rows)


@pytest.mark.parametrize("words", ["show", "compare --format json", "report", "bundle", "convert --to csv", "targets"])
def test_no_command_writes_over_the_results_that_it_reads(command, saved, tmp_path, words):
    before = (tmp_path / saved).read_bytes()
    name, *options = words.split()
    done = command(name, saved, *options, "-o", saved)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "it holds results, and they are never overwritten" in done.err
    assert (tmp_path / saved).read_bytes() == before


def test_a_results_file_is_not_the_folder_of_its_models(command):
    pytest.importorskip("torch")
    done = command("accuracy", "--epochs", "1", "--seeds", "1", "--precision", "float32", "-o", "net")
    assert (done.code, done.err) == (
        2,
        "fatnn-bench: net is the folder of its models as well; give the results file a suffix, as net.jsonl\n",
    )
