import io
from itertools import pairwise

import matplotlib as mpl
import pytest
from limits import make_limits
from matplotlib.collections import LineCollection, PathCollection
from synthetic import make_row, make_run

from fatnn_bench.errors import NothingComparableError
from fatnn_bench.figures import Options, roofline, saving, style
from fatnn_bench.records.run import Status

BANDWIDTHS = make_limits().bandwidths


def point(kernel, layer, intensity=100.0, limit=None, **changes):
    """A row of 115.6 million MACs in 1 ms, so 115.6 GMAC/s."""
    size = int(115.6e6 / intensity)
    return make_row(kernel, layer, 1.0, macs=int(115.6e6), bytes=size, peak_gmacs_per_s=limit, **changes)


RUN = make_run(
    point("float32", "conv1", 10, limit=120.0),
    point("binary", "conv1", 50, limit=400.0),
    point("binary", "fc", 2, limit=410.0, status=Status.MISTRUSTED, reason="noise"),
    point("torch.int8", "conv1"),
    make_row("int8", status=Status.SKIPPED, reason="no"),
    make_row("two-bit", ms=1.0),
)


def draw(run=RUN, bandwidths=BANDWIDTHS):
    with mpl.rc_context(style.rc(style.Width.SCREEN)):
        figure = roofline.draw(roofline.table(run, bandwidths), run.header, bandwidths)
        figure.savefig(io.BytesIO())
    return figure


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_the_table_has_intensity_rate_and_roofs():
    table = roofline.table(RUN, BANDWIDTHS).set_index(["kernel", "layer"])
    assert len(table) == 4
    fc = table.loc["binary", "fc"]
    assert fc["macs_per_byte"] == pytest.approx(2)
    assert fc["gmacs_per_s"] == pytest.approx(115.6)
    assert fc["memory_gmacs_per_s"] == pytest.approx(2 * 20)
    assert fc["L1_gmacs_per_s"] == pytest.approx(2 * 300)


def test_nothing_to_draw():
    with pytest.raises(NothingComparableError, match="no row with a time and bytes"):
        roofline.table(make_run(make_row("binary", ms=1.0)))


def test_a_panel_a_kernel_with_its_roof_and_numbered_dots():
    axes = {ax.get_title(loc="left"): ax for ax in draw().subfigs[0].axes if ax.axison}
    assert list(axes) == ["float32", "torch.int8", "binary"]
    assert words(axes["binary"]) == ["405 GMAC/s", "2", "1", "L1", "RAM"]
    assert words(axes["torch.int8"])[0] == "1"  # no limit, no level line
    (dots,) = [drawn for drawn in axes["binary"].collections if isinstance(drawn, PathCollection)]
    faces = dots.get_facecolors()
    assert [tuple(face[:3]) == (1, 1, 1) for face in faces] == [False, True]


def test_slopes_are_the_bandwidths_up_to_the_roof():
    (panel,) = [ax for ax in draw().subfigs[0].axes if ax.get_title(loc="left") == "binary"]
    for line, one in zip(panel.lines, BANDWIDTHS, strict=True):
        x, y = line.get_data()
        assert (y / x).tolist() == pytest.approx([one.gbytes_per_s] * 2)
        assert y[-1] == pytest.approx(405)


def test_without_bandwidths_there_are_no_slopes():
    figure = draw(bandwidths=())
    assert all(not ax.lines for ax in figure.subfigs[0].axes)
    assert "slopes" not in figure.get_supxlabel()


def test_labels_of_dots_that_lie_together_are_apart_and_inside():
    run = make_run(*(point("binary", f"conv{i}", 100 + i, limit=400.0) for i in range(12)))
    (part,) = draw(run).subfigs
    (ax,) = part.axes
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text().isdigit()]
    assert len(boxes) == 12
    assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))
    assert all(ax.bbox.x0 - 5 <= box.x0 and box.x1 <= ax.bbox.x1 + 5 for box in boxes)
    assert "12\N{NO-BREAK SPACE}conv11" in part.get_suptitle()


def test_a_stem_leads_from_each_number_to_its_dot():
    (ax,) = draw(make_run(*(point("binary", f"conv{i}", 100 + i, limit=400.0) for i in range(3))), ()).subfigs[0].axes
    stems = [drawn for drawn in ax.collections if isinstance(drawn, LineCollection)][-1].get_segments()
    (dots,) = [drawn for drawn in ax.collections if isinstance(drawn, PathCollection)]
    numbers = [text for text in ax.texts if text.get_text().isdigit()]
    assert len(stems) == 3
    for (foot, top), number in zip(stems, numbers, strict=True):
        assert top in dots.get_offsets()
        assert foot[0] == pytest.approx(number.get_position()[0])


def test_places_have_parts_and_text_stays_inside():
    figure = draw(make_run(*RUN.rows, point("binary", "fc", network="other", limit=400.0)))
    assert [part.get_suptitle().split(" ")[0] for part in figure.subfigs] == ["net", "other"]
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0 <= box.x0 <= box.x1 <= width
    assert 0 <= box.y0 <= box.y1 <= height
    assert "Test & Co 9000 (zen4)" in figure.get_supxlabel()


def test_it_is_saved_with_its_csv(tmp_path):
    figure, table = saving.save("roofline", [RUN], tmp_path / "f.svg", Options(bandwidths=BANDWIDTHS))
    first = figure.read_bytes()
    saving.save("roofline", [RUN], tmp_path / "f.svg", Options(bandwidths=BANDWIDTHS))
    assert figure.read_bytes() == first
    assert "memory_gmacs_per_s" in table.read_text()
