import pytest

from fatnn_bench.harness import noise
from fatnn_bench.harness.conditions import Conditions
from fatnn_bench.harness.timing import Sample


def observed(*off_cpu, canary_s=1.0, steal_s=0.0):
    return [noise.Observation(Sample(1.0, share), Conditions(canary_s, steal_s)) for share in off_cpu]


def touched(observations, threads):
    return noise.touched_rounds(noise.disturbances(observations, 1.0, threads))


def test_one_thread_is_never_to_be_off_its_core():
    assert touched(observed(0.0, 0.2, 0.04, 0.2), threads=1) == [1, 3]


@pytest.mark.parametrize("waiting", [0.0, 0.3])
def test_of_several_threads_some_may_wait_as_long_as_they_always_do(waiting):
    assert touched(observed(*[waiting] * 6, waiting + 0.04, waiting + 0.2), threads=2) == [7]


def test_a_slow_canary_and_stolen_time_touch_samples_of_any_number_of_threads():
    for threads in (1, 2):
        assert touched(observed(0.0, 0.0, canary_s=1.2), threads) == [0, 1]
        assert touched(observed(0.0, steal_s=0.1), threads) == [0]


def test_one_pair_has_as_floor_the_end_of_its_interval_that_is_farther_from_one():
    assert noise.floor([(0.99, 1.02)]) == pytest.approx(0.02)
    assert noise.floor([(0.98, 1.01)]) == pytest.approx(1 / 0.98 - 1)
    assert noise.floor([]) is None
