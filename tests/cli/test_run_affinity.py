"""``run --affinity``: said, recorded, and kept when a run is gone on with."""

import os

import pytest

from fatnn_bench.records import store

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process"),
]
RUN = ("run", "--shapes", "3x3x3", "--kernel", "good", "--quick")
CORE = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0


@pytest.mark.parametrize(("wanted", "core"), [("none", None), (str(CORE), CORE)])
def test_the_file_tells_what_was_asked_for_and_the_core(shell, fake_contenders, tmp_path, wanted, core):
    done = shell(*RUN, "--affinity", wanted, "-o", "run.jsonl", PYTHONPATH=fake_contenders)
    assert done.returncode == 0, done.stderr
    header = store.read(tmp_path / "run.jsonl").header
    assert (header.options["affinity"], header.machine["pinned_core"]) == (wanted, core)


def test_a_core_that_is_not_there_is_refused_and_leaves_no_file(shell, fake_contenders, tmp_path):
    done = shell(*RUN, "--affinity", "99999", "-o", "run.jsonl", PYTHONPATH=fake_contenders)
    assert done.returncode == 2
    assert "this process cannot run on core 99999; it may use " in done.stderr
    assert not (tmp_path / "run.jsonl").exists()


def test_a_run_is_gone_on_with_as_it_was_begun(shell, fake_contenders):
    shell(*RUN, "--affinity", "none", "-o", "run.jsonl", PYTHONPATH=fake_contenders)
    again = shell("run", "--resume", "run.jsonl", "--affinity", "auto", PYTHONPATH=fake_contenders)
    assert again.returncode == 2
    assert "--affinity was none and is auto now; leave it out, or run into another file" in again.stderr
    assert shell("run", "--resume", "run.jsonl", PYTHONPATH=fake_contenders).returncode == 0


@pytest.mark.parametrize("word", ["", "x", "-1", "1.5", "0-1", "²"])
def test_other_words_are_refused(command, word):
    done = command("run", "--dry-run", "--shapes", "3x3x3", "--affinity", word)
    assert done.code == 2
    assert "expected auto, none, or the number of a core, such as 3" in done.err


def test_several_threads_are_not_put_on_one_core(command, tmp_path):
    (tmp_path / "mine.yaml").write_text("both:\n  kind: cpu\n  threads: 2\n")
    words = ("run", "--dry-run", "--platforms", "mine.yaml", "--platform", "both", "--shapes", "3x3x3")
    assert command(*words).code == 0
    done = command(*words, "--affinity", "0")
    assert (done.code, done.out) == (2, "")
    assert "--affinity 0 is one core, and both runs several threads; leave it out there" in done.err
