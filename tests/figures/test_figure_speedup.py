import io
import re
import struct
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Annotation
from synthetic import make_row, make_run, mixed_run

from fatnn_bench.comparison import compare
from fatnn_bench.comparison.kernels import kernels_of_rows
from fatnn_bench.errors import NothingComparableError, UserError
from fatnn_bench.figures import Options, saving, speedup, style
from fatnn_bench.records.run import Status
from fatnn_bench.workload import precisions
from fatnn_kernels import PRODUCTS

#: The suite's products, and one of each way and precision, whether there is such a product or not.
_WAYS = [("int8", "tiles"), ("ternary", "tiles")]
_WAYS += [(precision, "lookup") for precision in ("two-bit", "ternary", "ternary-binary", "binary")]
OWN = {(product.name, product.precision, product.way) for product in PRODUCTS.values()}
OWN |= {(f"{precision}-{way}", precision, way) for precision, way in _WAYS}


def draw(run, baseline=None, ways=True):
    """The figure, laid out as when it is saved."""
    with mpl.rc_context(style.rc(style.Width.SCREEN)):
        _, figure = speedup.figure([run], Options(baseline=baseline, ways=ways))
        figure.savefig(io.BytesIO())
    return figure


def own_rows(layer):
    return [
        make_row(name, layer, ms=20 / (i + 1), precision=precision, way=way)
        for i, (name, precision, way) in enumerate(sorted(OWN))
    ]


def bars(ax):
    return [round(float(bar.get_height()), 6) for container in ax.containers for bar in container]


def test_bars_are_the_speedups_and_other_cells_say_their_status():
    (ax,) = draw(mixed_run()).axes
    assert bars(ax) == [0.8, 1.0, 16.0, 1.0, 0.8, 10.0]
    texts = [child.get_text() for child in ax.get_children() if isinstance(child, Annotation)]
    assert texts == ["0.80", "1.00", "SKIPPED", "16.0†", "1.00", "0.80", "FAILED", "10.0"]


def by_ways():
    times = {"float32": 8.0, "blas.float32": 9.0, "int8": 2.0, "ternary-naive": 1.5, "ternary-lookup": 0.8, "mine": 3.0}
    return make_run(*(make_row(kernel, layer, ms) for layer in ("conv1", "conv2_x") for kernel, ms in times.items()))


def test_a_series_is_a_precision_by_its_best_way_which_the_legend_names():
    figure = draw(by_ways(), ways=False)
    assert bars(figure.axes[0]) == [4.0, 10.0, round(8 / 3, 6)] * 2
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["int8", "ternary (ternary-lookup)", "mine", "1× = float32"]
    assert "its best way here" in " ".join(figure.get_supxlabel().split())
    assert "best way" not in draw(by_ways()).get_supxlabel()


def test_a_precision_that_was_skipped_everywhere_is_no_series():
    skipped = [make_row("binary", layer, status=Status.SKIPPED, reason="r") for layer in ("conv1", "conv2_x")]
    figure = draw(make_run(*by_ways().rows, *skipped), ways=False)
    assert "binary" not in [text.get_text() for text in figure.legends[0].get_texts()]
    assert bars(figure.axes[0]) == bars(draw(by_ways(), ways=False).axes[0])


def test_kernels_of_the_baselines_precision_alone_are_series():
    run = make_run(make_row("float32", ms=8.0), make_row("blas.float32", ms=10.0))
    assert bars(draw(run, ways=False).axes[0]) == [0.8]


def test_caption_and_title_say_what_was_measured_where():
    figure = draw(mixed_run(), "blas.float32")
    caption = " ".join(figure.get_supxlabel().split())
    for words in (
        "Test & Co 9000 (zen4)",
        "platform native",
        "kernel scope · 1 thread",
        "2026-03-01T12:00:00Z",
        "mistrusted",
    ):
        assert words in caption
    (legend,) = figure.legends
    assert legend.get_title().get_text() == "Speedup over blas.float32"
    assert [text.get_text() for text in legend.get_texts()] == ["float32", "int8", "binary", "1× = blas.float32"]


def test_networks_have_panels_and_long_ones_wrap():
    rows = [make_row(k, f"conv{i}", ms=m) for i in range(13) for k, m in (("float32", 2.0), ("binary", 1.0))]
    rows += [make_row(k, "fc", ms=m, network="other") for k, m in (("float32", 9.0), ("binary", 1.0))]
    rows += [make_row("float32", "alone", ms=1.0, network="baseline-only")]
    axes = draw(make_run(*rows)).axes
    assert [len(bars(ax)) for ax in axes] == [5, 5, 3, 1]
    assert [ax.get_title(loc="left").partition(" ")[0] for ax in axes] == ["net", "", "", "other"]
    assert axes[0].get_ylim() == axes[2].get_ylim() != axes[3].get_ylim()


def test_text_stays_inside_the_figure():
    figure = draw(make_run(*(row for i in range(12) for row in own_rows(f"conv{i}_down"))))
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height


def test_no_two_kernels_look_alike_and_solid_neighbours_differ_in_grey():
    foreign = [make_row(kernel) for kernel in ("blas.float32", "torch.int8", "onnxruntime.int8", "bf16")]
    looks = list(style.looks(kernels_of_rows([*own_rows("conv1"), *foreign])).values())
    assert len({look.colour for look in looks}) == len(looks) == len(OWN) + len(foreign)
    for left, right in pairwise(looks):
        grey = [
            sum(w * c for w, c in zip((0.299, 0.587, 0.114), to_rgb(look.colour), strict=True))
            for look in (left, right)
        ]
        assert abs(grey[0] - grey[1]) > 0.08 or left.hatch != right.hatch


def test_colours_are_of_precisions_and_hatches_of_ways():
    looks = style.looks(kernels_of_rows(own_rows("conv1")))
    assert {looks[f"{precision}-lookup"].hatch for precision in ("two-bit", "ternary", "binary")} == {"////"}
    assert {looks[kernel].hatch for kernel in ("float32", "int8", "two-bit", "ternary-fatnn", "binary")} == {""}
    assert looks["ternary-fatnn"].colour == "#0072b2"
    assert len(style._COLOURS) == len(precisions.PRECISIONS)


def test_a_hatch_takes_little_of_an_svg():
    foreign = [f"{library}.int8" for library in ("blas", "torch", "onnxruntime", "other")]
    run = make_run(*own_rows("conv1"), *(make_row(kernel, ms=2.0) for kernel in foreign))
    _, svg = saving.svg("speedup", [run], Options(ways=True))
    patterns = re.findall(r"<pattern.*?</pattern>", svg, re.DOTALL)
    assert len(patterns) >= len({"lookup", "tiles", *foreign})
    assert max(map(len, patterns)) < 4000
    stages = make_row("binary", ms=1.0, stages_s=dict.fromkeys([*style._STAGES, "strange"], 1e-5))
    _, svg = saving.svg("stages", [make_run(stages)])
    assert "<pattern" in svg
    assert len(svg) < 100_000


def test_a_png_is_drawn_beside_the_run_with_its_csv(tmp_path):
    run = make_run(*mixed_run().rows, source=str(tmp_path / "r.jsonl"))
    figure, table = saving.save("speedup", [run])
    assert (figure, table) == (tmp_path / "r-speedup.png", tmp_path / "r-speedup.csv")
    header = figure.read_bytes()[:24]
    width, height = struct.unpack(">II", header[16:24])
    assert (width, height) == (2000, round((speedup.LINE_IN + speedup.MARGIN_IN) * 200))
    shown = compare.speedups(run).query("kernel in ['int8', 'binary']")
    assert list(pd.read_csv(table)["case"]) == list(shown["case"])
    np.testing.assert_array_equal(pd.read_csv(table)["speedup"], shown["speedup"].astype(float))


@pytest.mark.parametrize(("name", "start"), [("f.svg", b"<?xml"), ("f.PDF", b"%PDF")])
def test_vector_formats_are_the_same_each_time(tmp_path, name, start):
    path = tmp_path / name
    drawn = []
    for _ in range(2):
        saving.save("speedup", [mixed_run()], path)
        drawn.append(path.read_bytes())
    assert drawn[0] == drawn[1]
    assert drawn[0].startswith(start)


def test_text_of_an_svg_is_text(tmp_path):
    saving.save("speedup", [mixed_run()], tmp_path / "f.svg")
    svg = (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert ">conv1</tspan>" in svg or ">conv1</text>" in svg
    assert ">FAILED</text>" in svg


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"cannot draw to .*f.gif: its name must end in .png, .svg, .pdf"):
        saving.save("speedup", [mixed_run()], tmp_path / "f.gif")


def test_an_unwritable_figure_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"cannot write .*f.png: .*; name another file with -o"):
        saving.save("speedup", [mixed_run()], tmp_path / "nowhere" / "f.png")


def test_an_unwritable_table_is_refused(tmp_path):
    (tmp_path / "f.csv").mkdir()
    with pytest.raises(UserError, match=r"cannot write .*f.csv"):
        saving.save("speedup", [mixed_run()], tmp_path / "f.png")


def test_nothing_to_draw(tmp_path):
    with pytest.raises(NothingComparableError, match="nothing to compare"):
        saving.save("speedup", [make_run(make_row("binary", ms=1.0))], tmp_path / "f.png")
    assert not list(tmp_path.iterdir())
