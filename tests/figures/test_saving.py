"""A person's own matplotlibrc, in the folder that they are in."""

import subprocess
import sys

import matplotlib as mpl
from synthetic import make_row, make_run

from fatnn_bench.figures import saving, style
from fatnn_bench.records import store

RUN = make_run(make_row("float32", ms=9.0), make_row("binary", ms=1.0))
THEIRS = """
backend: TkAgg
text.usetex: True
font.family: serif
axes.facecolor: black
savefig.bbox: tight
savefig.facecolor: red
figure.autolayout: True
svg.fonttype: path
axes.prop_cycle: cycler('color', ['red'])
lines.linewidth: 9
"""


def drawn(folder, environ):
    (folder / "run.jsonl").unlink(missing_ok=True)
    store.save(RUN, folder / "run.jsonl")
    command = [sys.executable, "-P", "-m", "fatnn_bench", "plot", "run.jsonl", "-o", "figure.svg"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return (folder / "figure.svg").read_bytes()


def test_a_matplotlibrc_does_not_reach_our_figures(tmp_path, environ):
    plain = drawn(tmp_path, environ)
    (tmp_path / "matplotlibrc").write_text(THEIRS)
    assert drawn(tmp_path, environ) == plain


def test_settings_of_the_process_are_left_as_they_were():
    with mpl.rc_context({"lines.linewidth": 9.0, "text.usetex": True}):
        saving.svg("speedup", [RUN])
        assert (mpl.rcParams["lines.linewidth"], mpl.rcParams["text.usetex"]) == (9.0, True)
        assert style.rc(style.Width.SCREEN)["text.usetex"] is False
