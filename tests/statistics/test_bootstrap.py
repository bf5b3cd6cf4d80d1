import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatnn_bench.statistics import bootstrap, resampling

TIMES = st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=30)


def test_interval_covers_the_true_median_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    truth = 1.0  # of a standard lognormal
    intervals = [bootstrap.median_interval(rng.lognormal(size=30)) for _ in range(300)]
    coverage = np.mean([low <= truth <= high for low, high in intervals])
    assert 0.90 <= coverage <= 0.99


def test_ratio_interval_covers_the_true_ratio():
    rng = np.random.default_rng(2)
    draws = [(2 * rng.lognormal(sigma=0.2, size=25), rng.lognormal(sigma=0.2, size=25)) for _ in range(200)]
    coverage = np.mean([low <= 2 <= high for low, high in (bootstrap.ratio_interval(a, b) for a, b in draws)])
    assert 0.90 <= coverage <= 0.995


def test_pairs_leave_a_drift_they_share_out_of_the_interval():
    rng = np.random.default_rng(3)
    drift = rng.lognormal(sigma=0.3, size=20)
    a, b = 2 * drift * rng.lognormal(sigma=0.01, size=20), drift * rng.lognormal(sigma=0.01, size=20)
    low, high = bootstrap.ratio_interval(a, b, paired=True)
    apart_low, apart_high = bootstrap.ratio_interval(a, b)
    assert low < 2 < high
    assert high - low < (apart_high - apart_low) / 3


def test_paired_interval_covers_the_true_ratio():
    rng = np.random.default_rng(4)
    inside = []
    for _ in range(200):
        drift = rng.lognormal(sigma=0.2, size=20)
        noise = rng.lognormal(sigma=0.05, size=(2, 20))
        low, high = bootstrap.ratio_interval(2 * drift * noise[0], drift * noise[1], paired=True)
        inside.append(low <= 2 <= high)
    assert 0.90 <= np.mean(inside) <= 1


@given(TIMES, TIMES)
def test_pairs_may_be_of_unequal_length(a, b):
    low, high = bootstrap.ratio_interval(a, b, paired=True)
    assert low <= high or math.isnan(low)
    assert not low < min(a) / max(b) * (1 - 1e-9)
    assert not high > max(a) / min(b) * (1 + 1e-9)


def test_interval_of_two_samples_is_their_range():
    # a resample of {1, 3} has median 1, 2 or 3 with probability ¼, ½, ¼
    assert bootstrap.median_interval([1.0, 3.0]) == (1.0, 3.0)
    assert bootstrap.median_interval([1.0, 3.0], confidence=0.4) == (2.0, 2.0)


@given(TIMES)
def test_interval_lies_within_the_samples_and_around_their_median(samples):
    low, high = bootstrap.median_interval(samples)
    assert min(samples) <= low <= high <= max(samples)


@given(TIMES)
def test_wider_confidence_makes_a_wider_interval(samples):
    narrow, wide = bootstrap.median_interval(samples, 0.5), bootstrap.median_interval(samples, 0.99)
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


def test_equal_samples_have_an_interval_without_width():
    assert bootstrap.median_interval([0.25] * 20) == (0.25, 0.25)
    assert bootstrap.ratio_interval([0.5] * 20, [0.25] * 5) == (2.0, 2.0)


def test_single_sample_has_no_interval():
    assert all(map(math.isnan, bootstrap.median_interval([1.0])))
    assert all(map(math.isnan, bootstrap.ratio_interval([1.0], [1.0, 2.0])))


@pytest.mark.parametrize("samples", [[], [[1.0, 2.0]], 1.0])
def test_refuses_what_is_not_a_list_of_samples(samples):
    with pytest.raises(ValueError, match="expected at least one sample in one dimension"):
        bootstrap.median_interval(samples)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_refuses_a_confidence_that_is_none(confidence):
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        bootstrap.median_interval([1.0, 2.0], confidence)


def test_equal_seeds_give_equal_intervals():
    a, b = np.random.default_rng(0).lognormal(size=(2, 20))
    assert bootstrap.ratio_interval(a, b, seed=3) == bootstrap.ratio_interval(a, b, seed=3)
    assert bootstrap.ratio_interval(a, b, seed=3) != bootstrap.ratio_interval(a, b, seed=4)


def test_a_measurement_over_itself_is_one():
    samples = [1.0, 2.0, 4.0]
    assert bootstrap.ratio_interval(samples, samples) == (1.0, 1.0)
    low, high = bootstrap.ratio_interval(samples, list(samples))
    assert low < 1 < high


def test_geometric_mean():
    assert bootstrap.geometric_mean([1, 10, 100]) == pytest.approx(10)
    assert bootstrap.geometric_mean([0.5, 2]) == pytest.approx(1)


@pytest.mark.parametrize("values", [[], [1.0, 0.0], [1.0, -2.0], [math.nan]])
def test_geometric_mean_refuses_what_has_none(values):
    with pytest.raises(ValueError, match="a geometric mean needs"):
        bootstrap.geometric_mean(values)


def pairs(above, below, paired=False):
    return [bootstrap.pair(a, b, paired) for a, b in zip(above, below, strict=True)]


def mean_interval(above, below, paired=False):
    (interval,) = bootstrap.geometric_mean_intervals([pairs(above, below, paired)])
    return interval


def test_interval_of_one_ratio_is_that_of_its_mean():
    rng = np.random.default_rng(5)
    (one,) = pairs(rng.lognormal(size=(1, 20)), rng.lognormal(size=(1, 20)))
    (expected,) = bootstrap.ratio_intervals([one])
    assert bootstrap.geometric_mean_intervals([[one]]) == [pytest.approx(expected)]
    assert bootstrap.total_ratio_intervals([[one]], [[3]]) == [pytest.approx(expected)]


def test_many_are_what_each_is_alone():
    rng = np.random.default_rng(7)
    sizes = [(1, 4), (5, 5), (6, 9), (20, 20), (20, 20)]
    several = [
        bootstrap.pair(rng.lognormal(size=n), rng.lognormal(size=m), paired)
        for n, m in sizes
        for paired in (False, True)
    ]
    groups, weights = [several[2:], [], several[4:6]], [[1.0, 2.0] * 4, [], [3.0, 1.0]]
    for found, alone in (
        (bootstrap.ratio_intervals(several), [bootstrap.ratio_interval(*one[:2], paired=one[2]) for one in several]),
        (
            bootstrap.geometric_mean_intervals(groups),
            [bootstrap.geometric_mean_intervals([group])[0] for group in groups],
        ),
        (
            bootstrap.total_ratio_intervals(groups, weights),
            [bootstrap.total_ratio_intervals([group], [w])[0] for group, w in zip(groups, weights, strict=True)],
        ),
    ):
        np.testing.assert_allclose(found, alone)


@pytest.mark.parametrize("paired", [False, True])
def test_interval_of_a_mean_covers_the_true_mean(paired):
    # draws that were shared among the ratios of a mean would make it several times too wide, or too sure
    rng, inside, widths, means = np.random.default_rng(8), [], [], []
    for _ in range(120):
        drift = rng.lognormal(sigma=0.1, size=(40, 1, 15))
        times = drift * rng.lognormal(sigma=0.05, size=(40, 2, 15))
        low, high = mean_interval(2 * times[:, 0], times[:, 1], paired)
        inside.append(low <= 2 <= high)
        widths.append(np.log(high / low))
        means.append(np.log(2 * np.median(times[:, 0], 1) / np.median(times[:, 1], 1)).mean())
    assert np.mean(inside) >= 0.9
    if paired:
        assert np.mean(inside) <= 0.995
        assert np.mean(widths) < 1.5 * 2 * 1.96 * np.std(means)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_medians_of_resamples_are_as_likely_as_all_resamples_make_them(n):
    x = 2.0 ** np.arange(n)
    every = np.median(np.array(list(itertools.product(x, repeat=n))), axis=1)
    drawn = np.concatenate([resampling.medians(x[None], 0, stream) for stream in range(20)], axis=None)
    rounds = [resampling.medians_of_pairs([resampling.Pair(x, x, True)], 0, stream) for stream in range(20)]
    together = np.concatenate([above for yielded in rounds for _, above, _ in yielded], axis=None)
    for found in (drawn, together):
        assert set(found) <= set(every)
        for value in set(every):
            assert np.mean(found == value) == pytest.approx(np.mean(every == value), abs=0.012)


def test_mean_of_many_ratios_is_surer_than_each():
    rng = np.random.default_rng(6)
    above = [2 * rng.lognormal(sigma=0.3, size=20) for _ in range(16)]
    below = [rng.lognormal(sigma=0.3, size=20) for _ in range(16)]
    low, high = mean_interval(above, below)
    one_low, one_high = bootstrap.ratio_interval(above[0], below[0])
    assert low < 2 < high
    assert high - low < (one_high - one_low) / 2


def test_total_is_ruled_by_its_heaviest_layer():
    fast, slow, base = [1.0] * 5, [4.0] * 5, [2.0] * 5
    ((low, high),) = bootstrap.total_ratio_intervals([pairs([base, base], [fast, slow])], [[98, 1]])
    assert low == high == pytest.approx(2 * 99 / (98 + 4))
