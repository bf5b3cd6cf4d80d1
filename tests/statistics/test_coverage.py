"""Intervals hold as often as they say, in worlds whose truth is known; docs/measurement.md has the whole table."""

import interval_simulation as simulation
import pytest

RUNS = 60


@pytest.mark.parametrize("world", simulation.WORLDS.values(), ids=simulation.WORLDS)
def test_the_intervals_of_the_suite_hold_in_every_world(world):
    held, _ = simulation.coverage(world, simulation.mixed_model, RUNS)
    assert held.mean() >= 0.92
    assert held.min() >= 0.75  # of the one case that is 20 times as noisy as those it is pooled with


def test_the_rounds_of_one_process_do_not_tell_of_the_next():
    held, _ = simulation.coverage(simulation.alike, simulation.one_process, RUNS)
    assert held.mean() < 0.8


def test_the_noisy_case_is_lost_where_all_have_one_variance():
    held, _ = simulation.coverage(simulation.one_noisy, simulation.pooled, RUNS)
    assert held.min() < 0.5


@pytest.mark.parametrize("method", [simulation.of_means, simulation.of_totals])
@pytest.mark.parametrize("shared", [0.35, 1.0])
def test_means_and_totals_hold_where_layers_share_what_a_process_does(method, shared):
    held, _ = simulation.coverage(simulation.sharing(shared), method, RUNS)
    assert held.mean() >= 0.9
    held, _ = simulation.coverage(simulation.sharing(shared), simulation.apart(method), RUNS)
    assert held.mean() < 0.85


def test_means_gain_from_layers_that_share_nothing():
    _, together = simulation.coverage(simulation.sharing(0.0), simulation.of_means, RUNS)
    _, apart = simulation.coverage(simulation.sharing(0.0), simulation.apart(simulation.of_means), RUNS)
    assert apart < together < 1.4 * apart
