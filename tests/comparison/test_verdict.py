import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import make_row

from fatnn_bench.comparison import verdict
from fatnn_bench.comparison.gain import NONE, Gain
from fatnn_bench.comparison.verdict import Verdict
from fatnn_bench.records.run import Status


@pytest.mark.parametrize(
    ("gain", "word"),
    [
        (Gain(1.31, 1.27, 1.35), "FASTER"),
        (Gain(0.90, 0.88, 0.92), "SLOWER"),
        (Gain(1.00, 0.99, 1.01), "SAME"),
        (Gain(1.01, 1.005, 1.015), "SAME"),  # sure, and of no interest
        (Gain(1.10, 0.95, 1.20), "UNCLEAR"),  # large, and not sure
        (Gain(1.019, 1.01, 1.03), "UNCLEAR"),  # on either side of what counts
        (Gain(1.02, 1.001, 1.04), "FASTER"),
        (Gain(1.5, float("nan"), float("nan")), "UNCLEAR"),
        (NONE, "UNCLEAR"),
    ],
)
def test_verdicts(gain, word):
    assert verdict.of_gain(gain, 0.02) == word


@pytest.mark.parametrize(
    ("gain", "word"),
    [(Gain(1.00, 0.99, 1.01), "UNCLEAR"), (Gain(1.04, 1.03, 1.05), "UNCLEAR"), (Gain(1.06, 1.04, 1.08), "FASTER")],
)
def test_below_the_noise_floor_nothing_is_told(gain, word):
    assert verdict.of_gain(gain, 0.02, floor=0.05) == word


GAINS = st.lists(st.floats(0.2, 5), min_size=3, max_size=3).map(sorted).map(lambda x: Gain(x[1], x[0], x[2]))


@given(gain=GAINS, least=st.floats(0, 0.5))
def test_exchanging_the_sides_exchanges_the_verdict(gain, least):
    inverse = Gain(1 / gain.speedup, 1 / gain.high, 1 / gain.low)
    exchanged = {Verdict.FASTER: Verdict.SLOWER, Verdict.SLOWER: Verdict.FASTER}
    found = verdict.of_gain(gain, least)
    if min(abs(x - y) for x in gain for y in (1, 1 + least, 1 / (1 + least))) > 1e-9:
        assert verdict.of_gain(inverse, least) == exchanged.get(found, found)


@given(gain=GAINS, floor=st.floats(0, 0.5), more=st.floats(0, 0.5))
def test_more_noise_never_tells_more(gain, floor, more):
    noisier = verdict.of_gain(gain, 0.02, floor + more)
    assert noisier in (Verdict.UNCLEAR, verdict.of_gain(gain, 0.02, floor))


def test_a_mistrusted_time_makes_it_unclear():
    good, bad = make_row("binary", ms=1.0), make_row("binary", ms=1.0, status=Status.MISTRUSTED, reason="throttled")
    gain = Gain(2, 1.9, 2.1)
    assert verdict.of_rows(gain, good, good, 0.02, 0) == "FASTER"
    assert verdict.of_rows(gain, good, bad, 0.02, 0) == verdict.of_rows(gain, bad, good, 0.02, 0) == "UNCLEAR"


def test_a_mistrusted_time_is_believed_in_turns_where_a_shared_core_explains_no_such_difference():
    bad = make_row("binary", ms=1.0, status=Status.MISTRUSTED, reason="throttled", block="b")
    good, elsewhere = make_row("float32", ms=4.0, block="b"), make_row("float32", ms=4.0, block="c")
    assert verdict.of_rows(Gain(4, 2.1, 7), bad, good, 0.02, 0.5) == "FASTER"
    assert verdict.of_rows(Gain(0.25, 0.2, 0.4), good, bad, 0.02, 0.5) == "SLOWER"
    assert verdict.of_rows(Gain(4, 1.9, 7), bad, good, 0.02, 0.5) == "UNCLEAR"
    assert verdict.of_rows(Gain(4, 2.1, 7), bad, elsewhere, 0.02, 0.5) == "UNCLEAR"


def test_how_much_slower():
    assert verdict.slower_by(0.8) == pytest.approx(0.25)
