"""What is heard of a process that is no worker, or one cut short."""

import sys

import pytest

from fatnn_bench.harness.worker import Request
from fatnn_bench.launch.process import WorkerDiedError, listen

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
