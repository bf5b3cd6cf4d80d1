"""The figure of ways: its numbers are those of the table, and what is no claim has no verdict."""

import io

import matplotlib as mpl
import pytest
from matplotlib.text import Annotation
from synthetic import make_row, make_run

from fatnn_bench.figures import Options, saving, style, ways

TIMES = {"ternary-fatnn": (4.0, "popcount"), "ternary-lookup": (6.0, "lookup"), "ternary-tiles": (1.0, "tiles")}
TIMES |= {"two-bit": (8.0, "popcount"), "two-bit-lookup": (7.2, "lookup")}
RUN = make_run(*(make_row(kernel, ms=ms, way=way) for kernel, (ms, way) in TIMES.items()))


def words(ax):
    return [child.get_text() for child in ax.get_children() if isinstance(child, Annotation)]


def test_bars_are_shares_and_the_claim_has_a_verdict_in_each_way():
    with mpl.rc_context(style.rc(style.Width.SCREEN)):
        _, figure = ways.figure([RUN], Options())
        figure.savefig(io.BytesIO())
    shares, gains = figure.axes
    assert [label.get_text() for label in shares.get_yticklabels()] == [
        "2-bit by look-up",
        "2-bit by popcounts",
        "ternary by matrix tiles",
        "ternary by popcounts",
        "ternary by look-up",
    ]
    assert words(shares) == ["93%", "84%", "93%", "23%", "16%"]
    assert words(gains) == ["2.00× holds", "1.20× falls short", "7.20×"]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_it_is_written_in_every_format_with_its_table(tmp_path, ending):
    path, table = saving.save("ways", [RUN], tmp_path / f"w.{ending}")
    assert path.stat().st_size > 5000
    assert table.read_text().startswith("platform,network,scope,threads,what,precision,way,kernel")
