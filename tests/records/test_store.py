"""The results file: what is written is read, whatever kills the writer; every refusal."""

import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatnn_bench.errors import UserError, WritingStoppedError
from fatnn_bench.records import identity, store
from fatnn_bench.records.run import SCHEMA, Header, Noise, Row, Run, Status

HEADER = Header(
    created="2026-01-02T03:04:05+00:00", platform="native", command=["fatnn-bench", "run"], seed=1,
    settings={"samples": 20}, machine={"cpu": "a µ-processor"}, software={"numpy": "2"},
)  # fmt: skip


def row(number: int = 0, **changed) -> Row:
    fields = {
        "case": f"binary/{number}x1x1/kernel@1", "kernel": "binary", "network": None,
        "shape": {"name": f"{number}x1x1"},
        "scope": "kernel", "threads": 1, "status": Status.PASSED, "median_s": 1e-3, "samples_s": [1e-3, 2e-3],
    }  # fmt: skip
    return Row(**(fields | changed))


def write(path: Path, *rows: Row, header: Header = HEADER) -> Path:
    with store.Writer(path) as writer:
        writer.begin(header)
        for each in rows or (row(),):
            writer.write(each)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as error:
        store.read(path)
    return str(error.value)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "run.jsonl"


times = st.floats(1e-12, 1e9)
rows_strategy = st.builds(
    row, st.integers(0, 9), kernel=st.text(), network=st.none() | st.text(), status=st.sampled_from(Status),
    reason=st.text(), median_s=st.none() | times, peak_fraction=st.none() | times, loops=st.integers(0, 10**9),
    macs=st.integers(0, 2**62), stages_s=st.none() | st.dictionaries(st.text(), times),
    codegen=st.none() | st.dictionaries(st.text().map("x".__add__), st.integers(-(2**62), 2**62) | st.text()),
)  # fmt: skip


@given(rows=st.lists(rows_strategy, min_size=1, max_size=4, unique_by=identity.key))
def test_what_is_written_is_read(tmp_path_factory, rows):
    path = write(tmp_path_factory.mktemp("store") / "run.jsonl", *rows)
    run = store.read(path)
    assert (run.header, run.rows, run.warnings, run.source) == (HEADER, tuple(rows), (), str(path))


@given(samples=st.lists(st.floats(1e-12, 1e3), max_size=5))
def test_samples_keep_a_ten_thousandth_of_a_nanosecond(tmp_path_factory, samples):
    path = write(tmp_path_factory.mktemp("store") / "run.jsonl", row(samples_s=samples))
    assert store.read(path).rows[0].samples_s == pytest.approx(samples, abs=1e-13)


def test_samples_are_short_in_the_file(path):
    write(path, row(samples_s=[0.0012345678912345678]))
    assert '"samples_s":[0.0012345678912]' in path.read_text()


@given(cut=st.integers(1))
def test_cut_anywhere_the_file_holds_every_whole_row(tmp_path_factory, cut):
    path = write(tmp_path_factory.mktemp("store") / "run.jsonl", *map(row, range(3)))
    content = path.read_bytes()
    header, *ends = (offset for offset, byte in enumerate(content) if byte == ord("\n"))
    size = header + cut % (len(content) - header)
    path.write_bytes(content[:size])
    run = store.read(path)
    assert len(run.rows) == sum(end <= size for end in ends)
    assert bool(run.warnings) == all(size not in (end, end + 1) for end in (header, *ends))


def test_a_killed_writer_leaves_its_rows(path):
    code = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_store import HEADER, row
from fatnn_bench.records.store import Writer
with Writer(Path({str(path)!r})) as writer:
    writer.begin(HEADER)
    for number in range(5):
        writer.write(row(number))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert len(store.read(path).rows) == 5


def test_a_torn_last_line_is_left_out_with_a_warning(path):
    write(path, row())
    with path.open("a") as stream:
        stream.write('{"kind":"row","ca')
    run = store.read(path)
    assert len(run.rows) == 1
    assert run.warnings == (f"{path}, line 3: the last line is torn, as by a kill, and is left out",)


def test_ignores_unknown_fields_and_kinds_of_line(path):
    record = row().to_json() | {"colour": "red"}
    header = HEADER.to_json() | {"colour": "red"}
    path.write_text("\n".join(map(json.dumps, (header, {"kind": "note"}, record))))
    assert store.read(path).rows == (row(),)


def test_default_path_is_in_utc():
    now = datetime(2026, 1, 2, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert store.default_path("native", now) == Path("results/native/20260101T233000Z.jsonl")


def test_writer_makes_folders_and_takes_an_empty_file(tmp_path):
    assert write(tmp_path / "a" / "b" / "run.jsonl").exists()
    (tmp_path / "empty.jsonl").touch()
    assert store.read(write(tmp_path / "empty.jsonl", row())).rows == (row(),)


def test_a_file_without_rows_is_removed_and_its_name_is_free(path):
    with store.Writer(path) as writer:
        writer.begin(HEADER)
    assert not path.exists()
    with pytest.raises(KeyboardInterrupt), store.Writer(path):
        raise KeyboardInterrupt
    assert not path.exists()


def test_going_on_adds_rows_behind_those_there_are(path):
    write(path, row(0))
    with store.Writer(path, go_on=True) as writer:
        writer.write(row(1))
    assert store.read(path).rows == (row(0), row(1))
    with store.Writer(path, go_on=True):
        pass
    assert store.read(path).rows == (row(0), row(1))


@given(cut=st.integers(1))
def test_going_on_loses_nothing_but_a_torn_line(tmp_path_factory, cut):
    path = write(tmp_path_factory.mktemp("store") / "run.jsonl", row(0), row(1))
    content = path.read_bytes()
    header = content.index(b"\n")
    path.write_bytes(content[: header + cut % (len(content) - header)])
    before = store.read(path).rows
    with store.Writer(path, go_on=True) as writer:
        writer.write(row(2))
    assert store.read(path).rows == (*before, row(2))
    assert store.read(path).warnings == ()


def test_noise_is_kept_apart_from_rows(path):
    noise = Noise(block="b", floor=0.01, pairs=[{"case": "c", "ratio": 1.0}], canary_s=[1e-3], frequency_hz=[None, 2e9])
    with store.Writer(path) as writer:
        writer.begin(HEADER)
        writer.write(row())
        writer.write(noise)
    run = store.read(path)
    assert (run.rows, run.noise) == ((row(),), (noise,))


def test_rows_are_read_in_the_order_of_the_headers_layers(path):
    write(path, *map(row, (2, 0, 9, 1)), header=dataclasses.replace(HEADER, layers=["0x1x1", "1x1x1", "2x1x1"]))
    assert [each.layer for each in store.read(path).rows] == ["0x1x1", "1x1x1", "2x1x1", "9x1x1"]


def test_writer_never_overwrites(path):
    write(path, row())
    before = path.read_bytes()
    with pytest.raises(
        UserError,
        match="exists and results are never overwritten; choose another name with -o, delete it first, or go on",
    ):
        write(path)
    assert path.read_bytes() == before


def test_writer_refuses_what_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    for path, problem in [(tmp_path, "Is a directory"), (tmp_path / "file" / "run.jsonl", "Not a directory")]:
        with pytest.raises(UserError, match=f"cannot write the results to {path}: {problem}; name a file"):
            write(path)

    def deny(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", deny)  # root, as in containers, may write everywhere
    with pytest.raises(UserError, match="Permission denied; name a file that can be written"):
        write(tmp_path / "run.jsonl")


def test_writer_goes_to_what_cannot_be_synchronised(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe, row(0), row(1))
    assert store.parsed(os.read(reader, 65536), "pipe").rows == (row(0), row(1))
    os.close(reader)


def test_a_full_disk_keeps_whole_rows_and_says_how_many(path, monkeypatch):
    real = os.write
    with store.Writer(path) as writer:
        writer.begin(HEADER)
        writer.write(row(0))
        writer.write(row(1))
        room = iter([10])

        def full(file, data):
            if (left := next(room, 0)) == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(file, data[:left])

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(
            WritingStoppedError, match="No space left on device; the rows that were written before are safe"
        ):
            writer.write(row(2))
        monkeypatch.undo()
    assert store.read(path).rows == (row(0), row(1))
    assert store.read(path).warnings == ()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_writer_never_writes_nan(path, number):
    write(path, row())
    with store.Writer(path, go_on=True) as writer, pytest.raises(UserError, match="expected a finite number"):
        writer.write(row(gmacs_per_s=number))
    assert store.read(path).rows == (row(),)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"threads": 0}, "the row of 'binary/0x1x1/kernel@1', threads: found 0, expected"),
        ({"shape": {"name": "a", "m": 2**31}}, "shape.m: found 2147483648, expected"),
        ({"kernel": "k" * 1001}, "kernel: found .* of 1001 characters, expected at most 1000"),
        ({"ci_low_s": 2.0}, "found ci_low_s 2 above median_s 0.001, expected them in order"),
        ({"reason": "\udcff"}, "reason: found '.*udcff'"),
    ],
)
def test_what_would_not_be_read_is_not_written(path, changed, message):
    with pytest.raises(UserError, match=message):
        write(path, row(**changed))
    assert not path.exists()
    with pytest.raises(UserError, match=message):
        store.save(Run(HEADER, (row(**changed),)), path)
    assert not path.exists()


def test_a_header_that_would_not_be_read_is_not_written(path):
    with pytest.raises(UserError, match=r"the header, platform: found .* of 1001 characters"):
        write(path, header=dataclasses.replace(HEADER, platform="p" * 1001))
    assert not path.exists()


def test_read_names_a_broken_line(path):
    write(path, row(), row())
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1][:30], lines[2]]))
    assert f"{path}, line 2: not JSON" in refusal(path)
    path.write_text("\n".join([lines[0], lines[1].replace("PASSED", "GREAT"), lines[2]]))
    assert f"{path}, line 2, status: " in refusal(path)
    path.write_text("\n".join([lines[0], lines[1], lines[0]]))
    assert "line 3: expected a row; keep one run, with one header, in a file" in refusal(path)
    path.write_text("\n".join([lines[0], "[]", lines[2]]))
    assert "line 2: expected a row" in refusal(path)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("median_s", float("nan"), "median_s: found nan, expected a finite number"),
        ("median_s", 0.0, "median_s: found 0.0, expected greater than"),
        ("median_s", -1.0, "median_s: found -1.0, expected greater than"),
        ("median_s", 5e-324, "median_s: found 5e-324, expected greater than"),
        ("median_s", "0.001", "median_s: found '0.001', expected a valid number"),
        ("median_s", 2e-3, "found median_s 0.002 above ci_high_s 0.0011"),
        ("samples_s", [1e-3, 10**30], "samples_s.1: found 1000000000000000000000000000000, expected less"),
        ("samples_s", [1e-3] * 10_001, "samples_s: expected at most 10000 entries"),
        ("threads", 0, "threads: found 0, expected greater than or equal to 1"),
        ("threads", True, "threads: found True, expected a valid integer"),
        ("macs", 2**63, "macs: found 9223372036854775808, expected less than"),
        ("shape", {"name": "a", "count": "3"}, "shape.count: found '3', expected a valid integer"),
        ("shape", {}, "shape.name: this field is missing"),
        ("codegen", {"hot_loop": ["a"]}, "codegen.hot_loop: found a list, expected a valid string"),
        ("codegen", {"cycles": [1]}, "codegen.cycles: found a list, expected a word, a number or a truth value"),
        ("stages_s", {"product": float("inf")}, "stages_s.product: found inf, expected a finite number"),
        ("kernel", "k" * 1001, "of 1001 characters, expected at most 1000"),
        ("reason", "\x1b[2J", None),
    ],
)
def test_what_no_arithmetic_can_use_is_refused(path, field, value, sentence):
    record = row().to_json() | {"ci_low_s": 0.9e-3, "ci_high_s": 1.1e-3, field: value}
    path.write_text("\n".join(map(json.dumps, (HEADER.to_json(), record))))
    if sentence is None:
        assert store.read(path).rows[0].reason == value
    else:
        said = refusal(path)
        assert said.startswith(f"{path}, line 2")
        assert sentence in said
        assert len(said) < 500


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("machine", {"cpu": ["a"]}, "machine.cpu: found a list, expected a valid string"),
        ("machine", {"anything": float("nan")}, "machine.anything: found nan, expected a finite number"),
        ("software", {"commit": 12}, "software.commit: found 12, expected a valid string"),
        ("software", {"blas": {}}, "software.blas: found a mapping, expected a valid list"),
        ("platforms", {"a": {}}, "platforms.a.machine: this field is missing"),
        ("seed", 10**30, "seed: found 1000000000000000000000000000000, expected less than"),
        ("layers", [3], "layers.0: found 3, expected a valid string"),
        ("settings", {"rounds": 10**30}, "settings.rounds: found 1000000000000000000000000000000, expected an integer"),
    ],
)
def test_a_header_is_refused_by_field(path, field, value, sentence):
    path.write_text(json.dumps(HEADER.to_json() | {field: value}))
    assert f"{path}, line 1, {sentence}" in refusal(path)


def test_json_that_nests_too_deep_is_refused(path):
    write(path, row(), row(1))
    lines = path.read_text().splitlines()
    for deep in ("[" * 10**5, '{"a":' * 100 + "1" + "}" * 100):
        path.write_text("\n".join([lines[0], deep, lines[1]]))
        assert f"{path}, line 2: not JSON" in refusal(path)


def test_every_run_that_ships_is_read():
    shipped = Path(__file__).parents[2] / "results"
    files = [file for file in shipped.rglob("*.jsonl") if file.parent.name != "accuracy"]
    assert len(files) > 5
    assert all(store.read(file).rows for file in files)


def test_read_refuses_a_newer_schema(path):
    write(path, header=dataclasses.replace(HEADER, schema=SCHEMA + 1))
    assert f"has results schema {SCHEMA + 1}, this fatnn-bench reads up to {SCHEMA}; upgrade" in refusal(path)


@pytest.mark.parametrize("content", [b"hello", b"\x89PNG\r\n", b"[1]", b'{"kind":"row"}', b'{"kind":"header"}'])
def test_read_refuses_what_is_no_results_file(path, content):
    path.write_bytes(content)
    assert f"{path} is not a results file: its first line is not a header" in refusal(path)


def test_read_refuses_a_header_that_lacks_fields(path):
    path.write_text('{"kind":"header","schema":1}')
    assert f"{path}, line 1, created: this field is missing" in refusal(path)


def test_read_refuses_an_empty_file(path):
    path.touch()
    assert f"{path} is empty" in refusal(path)


def test_read_names_the_closest_file(tmp_path, path):
    write(path)
    assert (
        refusal(tmp_path / "runn.jsonl") == f"there is no results file {tmp_path / 'runn.jsonl'}; did you mean {path}?"
    )
    assert "`fatnn-bench run` makes one" in refusal(tmp_path / "none" / "zzz")


def test_read_of_a_folder_takes_the_newest_run(tmp_path):
    for name, created in [("a/z.jsonl", "2026-01-01"), ("b/c/a.jsonl", "2026-03-01"), ("b.jsonl", "2026-02-01")]:
        write(tmp_path / name, header=dataclasses.replace(HEADER, created=f"{created}T00:00:00+00:00"))
    (tmp_path / "other.jsonl").write_text("{}")
    (tmp_path / "folder.jsonl").mkdir()
    assert store.read(tmp_path).source == str(tmp_path / "b" / "c" / "a.jsonl")


def test_read_refuses_a_folder_without_runs(tmp_path):
    assert refusal(tmp_path) == f"no results file lies in {tmp_path}; `fatnn-bench run` makes one"
