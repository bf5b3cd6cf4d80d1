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
