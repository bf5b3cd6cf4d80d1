import math

import numpy as np
import pytest
from scipy import stats

from fatnn_bench.statistics import between
from fatnn_bench.statistics.between import Estimate, Pooled

UNSURE = [math.nan] * 3  #: a single round in each of three processes


def estimate(logs, within, known):
    (found,) = between.estimates([(logs, within)], known)
    return found


def test_without_a_pool_it_is_students_interval():
    logs = [0.1, 0.3, 0.2]
    low, high = stats.t.interval(0.95, 2, loc=0.2, scale=stats.sem(logs))
    found = between.half_width(estimate(logs, UNSURE, between.UNKNOWN))
    assert found == pytest.approx((high - low) / 2)


def test_the_pooled_variance_counts_by_its_degrees_of_freedom_up_to_a_weight():
    logs, s2 = [0.1, 0.3, 0.2], 0.04
    for freedom, weight in ((2.0, 2.0), (100.0, between.WEIGHT)):
        found = estimate(logs, UNSURE, Pooled(s2, freedom))
        assert found.variance * 3 == pytest.approx((weight * s2 + 2 * 0.01) / (weight + 2))
        assert found.freedom == weight + 2


def test_a_case_that_is_noisier_than_chance_makes_it_stands_for_itself():
    logs = [0.0, 0.3, 0.0]
    alone, among = (estimate(logs, UNSURE, known) for known in (between.UNKNOWN, Pooled(1e-6, 100)))
    assert among == alone


def test_it_is_never_surer_than_the_rounds():
    assert estimate([1.0, 1.0, 1.0], [0.03, 0.06, math.nan], Pooled(0.0, 50)).variance == pytest.approx(0.015)


def test_one_process_without_repeats_knows_its_rounds_alone():
    found = estimate([1.0], [0.04], between.UNKNOWN)
    assert between.half_width(found) == pytest.approx(1.96 * 0.2, rel=1e-3)


def test_of_nothing_nothing_is_known():
    assert math.isnan(between.half_width(estimate([], [], Pooled(1.0, 9))))
    assert math.isnan(between.half_width(estimate([1.0], [math.nan], between.UNKNOWN)))


def test_estimates_are_those_of_each_case_whatever_its_number_of_processes():
    rng, known = np.random.default_rng(5), Pooled(0.02, 3.0)
    cases = [(rng.normal(size=n), rng.uniform(size=n) ** 4) for n in (3, 2, 0, 3, 1, 2)]
    np.testing.assert_array_equal(between.estimates(cases, known), [estimate(*case, known) for case in cases])


def test_pooled_variance_is_that_of_cases_which_scatter_as_the_model_has_it():
    rng = np.random.default_rng(0)
    cases = 0.03**2 * rng.f(2, between.WEIGHT, size=4000)
    assert between.pooled(cases, np.full(4000, 2.0), 8000).variance == pytest.approx(0.03**2, rel=0.1)


def test_some_noisy_cases_leave_the_others_sure():
    rng = np.random.default_rng(1)
    quiet = 0.01**2 * rng.f(2, between.WEIGHT, size=200)
    noisy = np.concatenate([quiet, [1.0] * 20])
    before, after = (between.pooled(each, np.full(len(each), 2.0), 200).variance for each in (quiet, noisy))
    assert after < 1.6 * before


def test_repeats_of_different_degrees_of_freedom_are_pooled_alike():
    rng = np.random.default_rng(2)
    prior = 0.02**2 * between.WEIGHT / rng.chisquare(between.WEIGHT, size=4000)
    freedoms = np.where(np.arange(4000) % 2, 1.0, 3.0)
    found = between.pooled(prior * rng.chisquare(freedoms) / freedoms, freedoms, 8000)
    assert found.variance == pytest.approx(0.02**2, rel=0.1)


def test_a_mean_of_independent_means():
    parts = [Estimate(0.04, 4.0), Estimate(0.01, 8.0)]
    found = between.combined(parts, [0.5, 0.5])
    assert found.variance == pytest.approx(0.0125)
    assert found.freedom == pytest.approx(0.0125**2 / (0.01**2 / 4 + 0.0025**2 / 8))
    assert between.combined([Estimate(0.0, 1.0)], [1.0]).variance == 0


def test_more_confidence_is_wider():
    found = Estimate(0.01, 5.0)
    assert between.half_width(found, 0.9) < between.half_width(found) < between.half_width(found, 0.99)
