"""``heatmap`` and ``crossover``, and figures as wide as a paper has room for."""

import io
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from accuracies import ACCURACY, SPEED
from limits import make_limits
from matplotlib.text import Text
from synthetic import make_row, make_run, mixed_run

from fatnn_bench import figures
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.figures import KINDS, Options, crossover, heatmap, saving, style


def drawn(module, run, width=style.Width.SCREEN):
    with mpl.rc_context(style.rc(width)):
        table, figure = module.figure([run], Options())
        figure.savefig(io.BytesIO())
    return table, figure


def layers(*faster_at):
    """Binary on layers of growing K, as fast as said: (K, speedup)."""
    rows = []
    for k, gain in faster_at:
        shape = {"name": f"k{k}", "m": 10, "n": 20, "k": k, "count": 1}
        rows += [
            make_row(kernel, f"k{k}", ms=ms, shape=shape) for kernel, ms in (("float32", 1.0), ("binary", 1 / gain))
        ]
    return make_run(*rows)


def test_float32_alone_crosses_nothing():
    with pytest.raises(NothingComparableError, match="no times of fewer bits than float32"):
        drawn(crossover, make_run(make_row("float32", ms=1.0), make_row("blas.float32", ms=2.0)))


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        (((8, 0.5), (64, 2.0), (512, 3.0)), 64),
        (((8, 2.0), (64, 0.9), (512, 3.0)), 512),
        (((8, 2.0), (64, 2.0)), 8),
        (((8, 2.0), (64, 0.9)), None),
        (((8, 0.5), (64, 1.0)), None),
    ],
)
def test_the_crossing_is_where_all_beyond_it_are_surely_faster(gains, expected):
    table, _ = drawn(crossover, layers(*gains))
    assert set(table["kernel"]) == {"binary"}
    assert [None if pd.isna(value) else value for value in table["crossing_k"].unique()] == [expected]


def test_a_map_has_a_cell_a_case_and_says_what_has_no_number():
    table, figure = drawn(heatmap, mixed_run())
    (ax,) = figure.axes
    assert len(ax.patches) == len(table)
    texts = [text.get_text() for text in ax.texts]
    assert {"16.0†", "SKIPPED", "FAILED", "10.0"} <= set(texts)
    assert all(word in figure.get_supxlabel() for word in ("Test & Co 9000", "kernel scope"))


NAMES = ("float32", "onnxruntime.float32", "int8", "onnxruntime.int8", "two-bit", "ternary-fatnn", "ternary-gated-xnor")


def whole_run(kernels=NAMES):
    """Something of every kind: a layer and a network, stages, limits, two numbers of threads."""
    rows = []
    for i, kernel in enumerate(kernels):
        ms = 9.0 / (1 + i)
        parts = {"quantise and pack": ms * 1e-4, "first convolution": ms * 2e-4, "convolutions": ms * 6e-4}
        more = {"macs": 10**9, "bytes": 10**6 * (1 + i), "peak_gmacs_per_s": 1200.0, "stages_s": parts}
        for layer, m, k in (("conv2_x", 3136, 576), ("conv5_down", 49, 4608)):
            shape = {"name": layer, "m": m, "n": 64, "k": k, "count": 4}
            rows += [
                make_row(kernel, layer, ms / threads, shape=shape, threads=threads, network="resnet18", **more)
                for threads in (1, 2)
            ]
    return make_run(*rows, platform="native-all-threads")


def written(figure, monkeypatch):
    """The words of a figure with their boxes, of those that are drawn: ticks that lie beyond an axis are not."""
    drawn, draw = {}, Text.draw
    monkeypatch.setattr(Text, "draw", lambda text, renderer: (drawn.update({text: None}), draw(text, renderer))[1])
    figure.savefig(io.BytesIO(), dpi=figure.dpi)
    seen = [text for text in drawn if text.get_visible() and text.get_text().strip()]
    return [(text.get_text(), Text.get_window_extent(text).padded(-1.5)) for text in seen]


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("width", style.Width)
def test_every_kind_is_as_wide_as_asked_and_its_words_lie_inside_and_apart(kind, width, monkeypatch):
    run, options = whole_run(), Options(bandwidths=make_limits().bandwidths if kind == "roofline" else ())
    if kind == "pareto":
        run, options = SPEED, Options(accuracy=ACCURACY)
    with mpl.rc_context(style.rc(width)):
        _, figure = saving._drawn(kind, [run], options)
        assert figure.get_figwidth() == style.width_in()
        words = written(figure, monkeypatch)
        inside = figure.bbox.padded(2)
        assert [word for word, box in words if not (inside.x0 <= box.x0 and box.x1 <= inside.x1)] == []
        assert [word for word, box in words if not (inside.y0 <= box.y0 and box.y1 <= inside.y1)] == []
        pairs = [(one[0], two[0]) for one, two in combinations(words, 2) if one[1].overlaps(two[1])]
        assert pairs == []


@pytest.mark.parametrize("kind", sorted(kind for kind, known in KINDS.items() if "ways" in known.options))
def test_of_a_precision_its_best_way_is_drawn_or_all_ways(kind):
    run = whole_run(("float32", "ternary-fatnn", "ternary-gated-xnor"))
    for all_ways, ternary in ((False, {"ternary-gated-xnor"}), (True, {"ternary-fatnn", "ternary-gated-xnor"})):
        with mpl.rc_context(style.rc(style.Width.SCREEN)):
            table, _ = saving._drawn(kind, [run], Options(ways=all_ways))
        assert {kernel for kernel in table["kernel"] if kernel.startswith("ternary")} == ternary


def test_nothing_to_map(tmp_path):
    with pytest.raises(NothingComparableError):
        saving.save("heatmap", [make_run(make_row("binary", ms=1.0))], tmp_path / "f.png")


def test_every_kind_has_a_module_of_its_name():
    assert all(Path(figures.__file__).with_name(f"{kind}.py").exists() for kind in KINDS)
