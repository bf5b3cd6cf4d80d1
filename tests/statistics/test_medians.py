import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatnn_bench.statistics import medians

TIMES = st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=30)


@given(TIMES)
def test_median_is_numpys(samples):
    assert medians.median(samples) == np.median(samples)


def test_interval_covers_the_true_median_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    truth = 1.0  # of a standard lognormal
    intervals = [medians.interval(rng.lognormal(size=30)) for _ in range(300)]
    coverage = np.mean([low <= truth <= high for low, high in intervals])
    assert 0.90 <= coverage <= 0.99


def test_interval_of_two_samples_is_their_range():
    assert medians.interval([1.0, 3.0]) == (1.0, 3.0)


@given(TIMES)
def test_interval_lies_within_the_samples_and_around_their_median(samples):
    low, high = medians.interval(samples)
    assert min(samples) <= low <= medians.median(samples) <= high <= max(samples)


@given(TIMES)
def test_wider_confidence_makes_a_wider_interval(samples):
    narrow, wide = medians.interval(samples, 0.5), medians.interval(samples, 0.99)
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


def test_equal_samples_have_an_interval_without_width():
    assert medians.interval([0.25] * 20) == (0.25, 0.25)
    assert medians.log_variances([[0.25] * 20]) == pytest.approx([0])


def test_a_single_sample_says_nothing_of_its_spread():
    assert all(map(math.isnan, medians.interval([1.0])))
    assert math.isnan(*medians.log_variances([[1.0]]))


@pytest.mark.parametrize("samples", [[], [[1.0, 2.0]], 1.0])
def test_refuses_what_is_not_a_list_of_samples(samples):
    with pytest.raises(ValueError, match="expected at least one sample in one dimension"):
        medians.interval(samples)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_refuses_a_confidence_that_is_none(confidence):
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        medians.interval([1.0, 2.0], confidence)


@pytest.mark.parametrize("n", [3, 5, 7])
def test_variance_is_that_of_all_resamples(n):
    x = np.random.default_rng(n).lognormal(size=n)
    every = np.log(np.median(np.array(list(itertools.product(x, repeat=n))), axis=1))
    assert medians.log_variances([x]) == pytest.approx([every.var()])


@pytest.mark.parametrize("n", [9, 20, 61])
def test_variance_is_about_that_of_medians(n):
    rng = np.random.default_rng(n)
    draws = [rng.lognormal(sigma=0.1, size=n) for _ in range(2000)]
    found = np.mean(medians.log_variances(draws))
    assert found == pytest.approx(np.var([np.log(np.median(x)) for x in draws]), rel=0.45)


def test_variances_are_those_of_each_case_whatever_its_number_of_samples():
    rng = np.random.default_rng(3)
    cases = [rng.lognormal(size=n) for n in (5, 1, 9, 5, 1, 2)]
    together, alone = medians.log_variances(cases), [medians.log_variances([case])[0] for case in cases]
    np.testing.assert_array_equal(together, alone)
    assert medians.log_variances([]) == []
