"""``heatmap`` and ``crossover``, and figures as wide as a paper has room for."""

import io
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
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


@pytest.mark.parametrize("kind", ["speedup", "heatmap", "crossover"])
@pytest.mark.parametrize("width", style.Width)
def test_every_kind_is_as_wide_as_asked_and_its_title_fits(tmp_path, kind, width):
    shape = {"name": "conv1", "m": 4, "n": 5, "k": 64, "count": 1}
    more = {"macs": 10**9, "bytes": 10**6, "peak_gmacs_per_s": 1200.0, "shape": shape}
    rows = [
        make_row(kernel, ms=ms, stages_s={"quantise": ms * 1e-4, "product": ms * 8e-4}, **more)
        for kernel, ms in (("float32", 9.0), ("ternary-fatnn", 1.0), ("binary", 0.5))
    ]
    with mpl.rc_context(style.rc(width)):
        _, figure = saving._drawn(kind, [make_run(*rows)], Options())
        assert figure.get_figwidth() == style.width_in()
        figure.savefig(io.BytesIO())
        assert figure.get_tightbbox().x1 <= figure.get_figwidth() * 1.01


def test_nothing_to_map(tmp_path):
    with pytest.raises(NothingComparableError):
        saving.save("heatmap", [make_run(make_row("binary", ms=1.0))], tmp_path / "f.png")


def test_every_kind_has_a_module_of_its_name():
    assert all(Path(figures.__file__).with_name(f"{kind}.py").exists() for kind in KINDS)
