"""What is written is the old file or the new one, whatever stops the writer; only regular files are replaced."""

import os
import resource
import signal
import stat
import subprocess
import sys
import time

import pytest

from fatnn_bench.errors import UserError
from fatnn_bench.files import wholefile


def test_text_and_bytes_and_nothing_beside_them(tmp_path):
    wholefile.write(tmp_path / "a", "×\ud800")
    wholefile.write(tmp_path / "b", b"\0\xff")
    assert (tmp_path / "a").read_bytes() == b"\xc3\x97\\ud800"
    assert (tmp_path / "b").read_bytes() == b"\0\xff"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_new_file_has_the_mode_that_the_system_gives_and_an_old_one_keeps_its_own(tmp_path):
    (tmp_path / "any").touch()
    wholefile.write(tmp_path / "new", "x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "any").stat().st_mode
    (tmp_path / "any").chmod(0o640)
    wholefile.write(tmp_path / "any", "x")
    assert stat.S_IMODE((tmp_path / "any").stat().st_mode) == 0o640


def test_symbolic_links_are_followed(tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("there", "not-yet"):
        (tmp_path / name).symlink_to(f"folder/{name}")
    (tmp_path / "folder" / "there").write_text("old")
    for name in ("there", "not-yet"):
        wholefile.write(tmp_path / name, "new")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "folder" / name).read_text() == "new"
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UserError, match=r"cannot write .*loop"):
        wholefile.write(tmp_path / "loop", "x")


def test_devices_are_written_to(tmp_path):
    device = os.stat(os.devnull)
    wholefile.refuse_unwritable(tmp_path / os.devnull)
    wholefile.write(tmp_path / os.devnull, "x")
    assert os.path.samestat(os.stat(os.devnull), device)
    with pytest.raises(UserError, match="cannot write /dev/full: No space left on device; do this"):
        wholefile.write(tmp_path / "/dev/full", "x", "do this")


def test_a_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        wholefile.write(tmp_path / "pipe", "through")
        assert reader.communicate()[0] == "through"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.parametrize("target", ["pipe", "file"])
def test_stdout_is_written_to_in_turn_whatever_it_is(tmp_path, target):
    code = (
        "from pathlib import Path; from fatnn_bench.files import wholefile\n"
        "print('before'); wholefile.write(Path('/dev/stdout'), 'between\\n'); print('after')"
    )
    with (tmp_path / "out").open("w+") as file:
        out = file if target == "file" else subprocess.PIPE
        done = subprocess.run([sys.executable, "-c", code], stdout=out, text=True, check=True)
    assert (done.stdout or (tmp_path / "out").read_text()) == "before\nbetween\nafter\n"


@pytest.mark.parametrize(
    ("name", "reason"),
    [(".", "Is a directory"), ("none/x", "No such file"), ("file/x", "Not a directory"), ("x" * 300, "File name too")],
)
@pytest.mark.parametrize("act", [wholefile.refuse_unwritable, lambda path: wholefile.write(path, "x")])
def test_what_cannot_be_written_is_one_sentence_before_and_after_the_work(tmp_path, act, name, reason):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=f"cannot write .*: {reason}.*; name another file with -o"):
        act(tmp_path / name)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("header", [b'{"schema":1,"kind":"header"}', b'{"schema": 1, "kind": "accuracy-header"}'])
@pytest.mark.parametrize("act", [wholefile.refuse_unwritable, lambda path: wholefile.write(path, "x")])
def test_results_are_not_replaced(tmp_path, act, header):
    (tmp_path / "run.jsonl").write_bytes(header + b"\n")
    with pytest.raises(UserError, match=r"run.jsonl: it holds results, and they are never overwritten; name another"):
        act(tmp_path / "run.jsonl")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [header + b"\n"]


def test_asking_leaves_no_trace(tmp_path):
    (tmp_path / "old").write_text("old")
    for name in ("old", "new"):
        wholefile.refuse_unwritable(tmp_path / name)
    assert [each.name for each in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "old"


WRITER = "import sys; from pathlib import Path; from fatnn_bench.files import wholefile\n"


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "f"
    path.write_text("old")
    code = WRITER + "wholefile.write(Path(sys.argv[1]), b'x' * 100_000)"
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, path], capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )  # fmt: skip
    assert "UserError: cannot write" in done.stderr
    assert "File too large; name another file with -o" in done.stderr
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]


def test_killed_at_any_moment_the_file_is_the_old_one_or_the_new_one(tmp_path):
    path = tmp_path / "f"
    whole = {bytes([byte]) * 1_000_000 for byte in b"ab"}
    path.write_bytes(b"a" * 1_000_000)
    code = WRITER + "while True:\n    for byte in (b'a', b'b'): wholefile.write(Path(sys.argv[1]), byte * 1_000_000)"
    for i in range(6):
        with subprocess.Popen([sys.executable, "-c", code, path], stderr=subprocess.PIPE) as writer:
            end, first = time.monotonic() + 20, path.stat().st_ino
            while path.stat().st_ino == first and time.monotonic() < end:
                time.sleep(0.001)
            time.sleep(0.003 * i)
            writer.send_signal(signal.SIGKILL)
        assert path.read_bytes() in whole


def test_what_a_killed_writer_left_is_removed_by_the_next_and_what_a_live_one_writes_is_not(tmp_path):
    long = "é" * 120  # 240 bytes: with anything behind it, no name
    for name in ("a.jsonl", long):
        target = tmp_path / name
        with (
            wholefile._beside(target, None) as (live, stream),
            (tmp_path / f"{live.name[:-5]}0.part").open("xb") as left,
        ):
            os.utime(live, (0, 0))
            os.utime(left.name, (0, 0))
            wholefile.write(target, "x")
            assert live.exists()
            assert not os.path.exists(left.name)
            assert not stream.closed
        assert target.read_text() == "x"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["a.jsonl", long])
