import math

import pytest
from synthetic import counted, make_row

from fatnn_bench.comparison import gain
from fatnn_bench.records import repeats

UNKNOWN = gain.Known(repeats.NONE, repeats.NONE)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.031, "0.03"), (1.305, "1.30"), (9.996, "10.0"), (12.34, "12.3"), (99.96, "100"), (1234, "1234")],
)
def test_number_is_short(value, text):
    assert gain.number(value) == text


def test_wording():
    assert str(gain.Gain(1.31, 1.27, 1.35)) == "1.31× [1.27, 1.35]"
    assert str(gain.Gain(1.31, math.nan, math.nan)) == "1.31×"
    assert str(gain.NONE) == "—"


def test_gain_of_a_layer():
    speedup, low, high = gain.of_layers([(make_row("binary", ms=2.0), make_row("float32", ms=10.0))], UNKNOWN)[0]
    assert low < speedup < high
    assert speedup == pytest.approx(5.0)


def test_a_row_without_samples_has_a_gain_without_interval():
    row = make_row("binary", ms=2.0, samples_s=[])
    speedup, low, high = gain.of_layers([(row, make_row("float32", ms=10.0))], UNKNOWN)[0]
    assert speedup == pytest.approx(5.0)
    assert math.isnan(low)
    assert math.isnan(high)


def test_network_weighs_layers_by_count_and_the_mean_does_not():
    twice = make_row("binary", ms=1.0), make_row("float32", ms=2.0)
    eightfold = (
        make_row("binary", "conv2_x", ms=1.0, shape=counted("conv2_x", 3)),
        make_row("float32", "conv2_x", ms=8.0, shape=counted("conv2_x", 3)),
    )
    matches = [twice, eightfold]
    assert gain.network_seconds(matches) == pytest.approx((4e-3, 26e-3))
    assert [total.speedup for total in gain.of_networks([matches, matches[:1]], UNKNOWN)] == pytest.approx([6.5, 2.0])
    assert [mean.speedup for mean in gain.means([matches, matches[:1]], UNKNOWN)] == pytest.approx([4.0, 2.0])


def test_a_mean_or_total_of_nothing_is_none():
    one = [(make_row("binary", ms=1.0), make_row("float32", ms=2.0))]
    for gains in (gain.means([[], one], UNKNOWN), gain.of_networks([[], one], UNKNOWN)):
        assert str(gains[0]) == "—"
        assert gains[1].low < 2 < gains[1].high


def measured(kernel, layer, times_ms, block):
    """A row of a process a time, each with three equal samples."""
    samples = [ms * 1e-3 for ms in times_ms for _ in range(3)]
    return make_row(kernel, layer, ms=1.0, samples_s=samples, processes=[3] * len(times_ms), block=block)


def in_layers(blocks):
    """Matches whose rows have the same deviations in every layer, by the names of the layers' blocks."""
    effects = [1.0, 1.1, 1.04], [1.0, 0.98, 1.03]
    layers = [[measured(str(k), f"conv{i}", each, block) for k, each in enumerate(effects)] for i, block in blocks]
    known = repeats.found([row for layer in layers for row in layer], ())
    return [(row, base) for row, base in layers], gain.Known(known, known)


def width(of, blocks):
    """The width of the interval of a mean or total, in logarithms."""
    matches, known = in_layers(blocks)
    _, low, high = of([matches], known)[0]
    return math.log(high / low)


@pytest.mark.parametrize("of", [gain.means, gain.of_networks])
def test_what_a_process_does_to_all_layers_alike_does_not_average_out(of):
    few, many = (width(of, [(i, "b") for i in range(n)]) for n in (4, 16))
    assert many == pytest.approx(few, rel=0.05)


@pytest.mark.parametrize("of", [gain.means, gain.of_networks])
def test_layers_of_other_blocks_have_processes_of_their_own(of):
    few, many = (width(of, [(i, f"b{i}") for i in range(n)]) for n in (4, 16))
    assert many == pytest.approx(few / 2, rel=0.1)


def test_the_mean_of_one_layer_is_its_gain():
    matches, known = in_layers([(0, "b")])
    assert gain.means([matches], known)[0] == gain.of_layers(matches, known)[0]
