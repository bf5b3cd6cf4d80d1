import io

import matplotlib as mpl
import pytest
from matplotlib.text import Annotation
from synthetic import make_row, make_run

from fatnn_bench.errors import NothingComparableError
from fatnn_bench.figures import saving, stages, style


def staged(kernel, layer="conv1", ms=1.0, quantise=0.1, product=0.8, **changes):
    return make_row(
        kernel, layer, ms, stages_s={"quantise": quantise * 1e-3, "product": product * 1e-3}, scope="layer", **changes
    )


RUN = make_run(
    staged("float32", ms=9.0),
    staged("binary"),
    staged("ternary-fatnn", product=1.1),
    staged("binary", "fc", ms=0.5, quantise=0.05, product=0.45),
    make_row("torch.int8", ms=2.0, scope="layer"),
)


def draw(run, kernels=None):
    with mpl.rc_context(style.rc(style.Width.SCREEN)):
        figure = stages.draw(stages.table(run, kernels), run.header)
        figure.savefig(io.BytesIO())
    return figure


def test_stages_and_what_is_left_add_up_to_the_whole():
    table = stages.table(RUN)
    assert set(table["kernel"]) == {"binary", "ternary-fatnn"}
    sums = table.groupby("case")[["seconds", "share"]].sum()
    assert sums["share"].tolist() == pytest.approx([1, 1, 1])
    assert sums["seconds"].tolist() == pytest.approx(table.groupby("case")["median_s"].first().tolist())


def test_a_difference_has_the_name_of_its_sign():
    table = stages.table(RUN).set_index(["layer", "kernel", "stage"])["seconds"]
    assert table["conv1", "binary", "rest"] == pytest.approx(1e-4)
    assert table["conv1", "ternary-fatnn", "fusion/overlap"] == pytest.approx(-2e-4)


def test_other_kernels_on_request():
    assert set(stages.table(RUN, "float*, binary")["kernel"]) == {"float32", "binary"}


def test_nothing_to_draw_names_what_there_is():
    with pytest.raises(NothingComparableError, match=r"no stages of int4; choose some of float32, .* with --kernel"):
        stages.table(RUN, "int4")
    with pytest.raises(NothingComparableError, match="run it with --scope layer"):
        stages.table(make_run(make_row("binary", ms=1.0)))


def test_bars_are_the_stages_of_each_layer():
    first, second = [ax for ax in draw(RUN).axes if ax.axison]
    widths = [round(bar.get_width(), 6) for container in first.containers for bar in container]
    assert widths == [0.1, 1.1, -0.2, 0.1, 0.8, 0.1]
    assert [label.get_text() for label in first.get_yticklabels()] == ["ternary-fatnn", "binary"]
    texts = [child.get_text() for child in second.get_children() if isinstance(child, Annotation)]
    assert texts[:2] == ["no stages", "500"]
    assert "90%" in [text.get_text() for text in second.texts]


def test_legend_and_caption_say_what_is_what():
    figure = draw(RUN)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["quantise", "product", "rest", "fusion/overlap"]
    assert "net · layer scope · 1 thread" in legend.get_title().get_text()
    assert "Test & Co 9000 (zen4)" in figure.get_supxlabel()


def test_text_stays_inside_the_figure_and_places_apart():
    rows = [staged(k, f"conv{i}_down", ms=3.0 / (j + 1)) for i in range(9) for j, k in enumerate(("int8", "binary"))]
    figure = draw(make_run(*rows, *(staged("binary", "fc", network="other") for _ in range(1))))
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0 <= box.x0 <= box.x1 <= width
    assert 0 <= box.y0 <= box.y1 <= height
    assert sum(ax.axison for ax in figure.axes) == 10


def test_stages_are_told_apart_in_grey():
    looks = [style.stage_look(stage) for stage in ("quantise", "product", "rest", "fusion/overlap", "epilogue")]
    assert len(set(looks)) == len(looks)
    assert style.ink_on(looks[0].colour) == "#ffffff"
    assert style.ink_on(looks[1].colour) == style.INK


def test_it_is_saved_with_its_csv(tmp_path):
    figure, table = saving.save("stages", [make_run(*RUN.rows, source=str(tmp_path / "r.jsonl"))])
    assert (figure.name, table.name) == ("r-stages.png", "r-stages.csv")
    assert "fusion/overlap" in table.read_text()
