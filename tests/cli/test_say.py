"""What the commands tell of files is text, whatever the files hold."""

import json

import pytest
from attacks import ATTACKS
from synthetic import make_row, make_run

from fatnn_bench.cli import say
from fatnn_bench.cli.progress import Progress
from fatnn_bench.errors import CONTROL
from fatnn_bench.records import store
from fatnn_bench.records.run import Status

attacks = pytest.mark.parametrize("name", ATTACKS.values(), ids=ATTACKS)


@attacks
def test_a_line_stays_a_line_and_no_terminal_obeys_it(name, capsys):
    say.note(name)
    say.result(name)
    out, err = capsys.readouterr()
    assert not CONTROL.search(out + err)
    assert (out.count("\n"), err.count("\n")) == (1, 1)


@attacks
def test_what_the_gate_and_a_reader_tell_is_text(command, tmp_path, name):
    rows = [make_row(kernel, name, 1.0, network=None) for kernel in (name, "int8")]
    store.save(make_run(*rows), tmp_path / "a.jsonl")
    store.save(make_run(rows[1], rows[1]), tmp_path / "b.jsonl")
    done = command("compare", "a.jsonl", "b.jsonl", "--strict")
    assert done.code == 6
    assert "not timed now" in done.err
    assert not CONTROL.search(done.err)
    benchmark = {"name": f"{name}/1/2/3/4", "real_time": 1.0, "skipped": True, "skip_message": name}
    (tmp_path / "g.json").write_text(json.dumps({"benchmarks": [benchmark]}))
    assert not CONTROL.search(command("convert", "g.json", "--from", "google-benchmark", "-o", "g.jsonl").err)


@attacks
def test_progress_shows_names_as_text(name, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with Progress(2) as progress:
        progress.turn(name, 0.5)
        progress.row_done(make_row(name, reason=name, status=Status.ERROR))
    told = capsys.readouterr().err
    assert "\x1b[2J" not in told
    assert "\x9b" not in told


def test_what_a_figure_has_no_room_for_is_told(command, tmp_path):
    rows = [make_row(kernel, f"l{i}", 1.0) for i in range(101) for kernel in ("float32", "int8")]
    store.save(make_run(*rows), tmp_path / "r.jsonl")
    done = command("plot", "r.jsonl", "--kind", "heatmap", "-o", "f.svg")
    assert done.code == 0
    assert "a figure has room for 80 of 101 layers of r.jsonl; the others are left out" in done.err
