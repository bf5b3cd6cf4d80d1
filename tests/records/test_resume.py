"""Going on with a run: not where its plugins have become others."""

from dataclasses import replace

import pytest
from synthetic import make_row, make_run

from fatnn_bench.errors import UserError
from fatnn_bench.records import resume


def run_with(**plugins):
    run = make_run(make_row("int8"))
    held = {f"/of/{name}.py": fingerprint for name, fingerprint in plugins.items()}
    return replace(run, header=replace(run.header, software={**run.header.software, "plugins": held}))


def test_a_plugin_of_other_content_ends_what_was_begun():
    with pytest.raises(UserError, match=r"plugin mine\.py was 01ab and is 23cd now; run the cases into another file"):
        resume.refuse_changes(run_with(mine="01ab", other="ef"), run_with(mine="23cd", other="ef").header)
    with pytest.raises(UserError, match=r"cannot merge .*plugin mine\.py is 01ab in the one and 23cd in the other"):
        resume.merged([run_with(mine="01ab"), run_with(mine="23cd")], "", [])


def test_a_plugin_that_was_moved_or_came_later_does_not():
    moved = run_with(mine="01ab", other="ef").header
    moved.software["plugins"] = {"/elsewhere/mine.py": "01ab", "/of/other.py": "ef"}
    resume.refuse_changes(run_with(mine="01ab"), moved)
    resume.refuse_changes(make_run(make_row("int8")), moved)
