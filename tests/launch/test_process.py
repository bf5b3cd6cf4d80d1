"""What is heard of a process that is no worker, or one cut short."""

import sys
import tempfile

import pytest

from fatnn_bench.errors import UserError
from fatnn_bench.harness.events import WorkerDiedError
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch.process import listen

NOTHING = Request([], None, 0)


def hear(code):
    return list(listen([sys.executable, "-c", code], {}, NOTHING, who="the board"))


def test_a_line_cut_short_is_no_event():
    with pytest.raises(WorkerDiedError, match=r"^the board said '\{\"event\": \"ro', which is no event"):
        hear('print(\'{"event": "ro\')')


def test_a_greeting_is_no_event():
    with pytest.raises(WorkerDiedError, match="the board said 'Welcome to Linux'"):
        hear("print('Welcome to Linux')")


def test_the_last_words_are_told():
    with pytest.raises(WorkerDiedError, match=r"^the board ended with status 3: no space left$"):
        hear("import sys; print('no space left', file=sys.stderr); sys.exit(3)")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"event": "ready"}', "no event, ready.machine: this field is missing"),
        ('{"event": "ready", "machine": 3, "software": {}}', "ready.machine: found 3, expected"),
        ('{"event": "row", "row": {}}', "row.row.case: this field is missing"),
        ('{"event": "turn", "case": "a", "progress": "much"}', "turn.progress: found 'much', expected a valid number"),
        ('{"event": "turn", "case": "a", "progress": NaN}', "turn.progress: found nan, expected a finite number"),
        ('{"event": "sleep"}', "found 'sleep', expected one of 'hello', 'ready'"),
        ('{"event": ["a"]}', "no event"),
        ("[" * 10**6, "which is no event"),
        ("x" * 10**7, "which is no event"),
    ],
)
def test_a_bad_event_ends_the_worker_with_a_sentence(line, sentence, tmp_path):
    (tmp_path / "said").write_text(line)
    with pytest.raises(WorkerDiedError) as error:
        hear(f"print(open({str(tmp_path / 'said')!r}).read())")
    assert str(error.value).startswith("the board said ")
    assert sentence in str(error.value)
    assert len(str(error.value)) < 600


def test_bytes_that_are_no_text_are_no_event():
    with pytest.raises(WorkerDiedError, match="which is no event"):
        hear(r"import os; os.write(1, b'\xff\xfe{\x1b[2J\n')")


@pytest.mark.parametrize("python", ["p\0", "p" * 200_000])
def test_what_cannot_be_started_is_a_sentence(python):
    with pytest.raises(UserError, match="cannot start"):
        list(listen([sys.executable, python], {}, NOTHING))


def test_without_a_folder_for_temporary_files_nothing_is_started(monkeypatch):
    def refuse():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    with pytest.raises(UserError, match=r"No usable temporary directory found in \['/tmp'\], .* name one with TMPDIR"):
        hear("print()")
