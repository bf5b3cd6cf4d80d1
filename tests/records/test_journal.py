"""One process a file: its lock, and what it says when others touched what it writes to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fatnn_bench.errors import Exit, UserError, WritingStoppedError
from fatnn_bench.files import gate
from fatnn_bench.records.journal import Journal

LINE = b'{"a":1}\n'


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "run.jsonl"


@pytest.mark.parametrize("go_on", [False, True])
def test_a_second_writer_is_refused_and_touches_nothing(path, go_on):
    with Journal(path) as journal:
        journal.append({"a": 1})
        code = "from pathlib import Path; from fatnn_bench.records.journal import Journal\n"
        code += f"with Journal(Path({str(path)!r}), {go_on}): pass"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert f"UserError: another process writes to {path}; wait for it, or choose another" in done.stderr
        with pytest.raises(UserError, match="another process writes to"), Journal(path, go_on):
            pass
        journal.keep = True
        journal.append({"a": 1})
    assert path.read_bytes() == 2 * LINE


def test_a_lock_ends_with_its_writer(path):
    with Journal(path) as journal:
        journal.keep = True
        journal.append({"a": 1})
    with Journal(path, go_on=True) as journal:
        journal.append({"a": 1})
    assert path.read_bytes() == 2 * LINE


@pytest.mark.parametrize("end", ["next line", "leaving"])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: path.unlink(), "deleted"),
        (lambda path: path.rename(path.with_name("moved")), "moved or replaced"),
        (lambda path: os.truncate(path, 3), "cut short"),
        (lambda path: path.write_bytes(LINE * 3), "written to by others"),
    ],
)
def test_what_others_do_to_the_file_is_told(path, change, told, end):
    def write():
        with Journal(path) as journal:
            journal.append({"a": 1})
            journal.keep = True
            change(path)
            if end == "next line":
                journal.append({"a": 2})
                raise AssertionError

    with pytest.raises(WritingStoppedError, match=f"was {told} while results were written to it") as error:
        write()
    assert error.value.exit_code == Exit.ERROR


def test_what_another_has_put_there_is_not_removed(path):
    def interrupted():
        with Journal(path):
            path.unlink()
            path.write_bytes(b"another's")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"another's"


def test_nothing_worth_keeping_leaves_things_as_they_were(tmp_path):
    with Journal(tmp_path / "a" / "b" / "run.jsonl") as journal:
        journal.append({"a": 1})
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty").touch()
    with Journal(tmp_path / "empty") as journal:
        journal.append({"a": 1})
    assert (tmp_path / "empty").read_bytes() == b""


def test_all_lines_at_once_or_none(path):
    with pytest.raises(ValueError, match="JSON"), Journal(path) as journal:
        journal.fill([{"a": 1}, {"a": float("nan")}])
    assert not path.exists()
    with Journal(path) as journal:
        journal.fill([{"a": 1}, {"a": 1}])
    assert path.read_bytes() == 2 * LINE
    with pytest.raises(UserError, match="never overwritten"), Journal(path):
        pass


def test_no_more_is_written_than_is_read(path, monkeypatch):
    monkeypatch.setattr(gate, "MOST_BYTES_OF_LINES", 3 * len(LINE) - 1)
    with Journal(path) as journal:
        journal.keep = True
        journal.append({"a": 1})
        journal.append({"a": 1})
        with pytest.raises(WritingStoppedError, match="would be larger than 0 MiB, the most that is read"):
            journal.append({"a": 1})
    assert path.read_bytes() == 2 * LINE
    other = path.with_name("other.jsonl")
    with pytest.raises(UserError, match="would be larger"), Journal(other) as journal:
        journal.fill([{"a": 1}] * 3)
    assert not other.exists()
