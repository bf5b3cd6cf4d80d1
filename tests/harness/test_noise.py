import pytest

from fatnn_bench.harness import noise
from fatnn_bench.harness.conditions import Conditions
from fatnn_bench.harness.timing import Sample
from fatnn_bench.machine.gpu_clock import GpuClock


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


def test_threads_that_always_wait_for_a_core_touch_all_samples():
    waiting = [noise.Observation(Sample(1.0, 0.5), Conditions(1.0, 0.0), waited=0.5)] * 4
    assert touched(waiting, threads=2) == [0, 1, 2, 3]


def test_a_quota_that_was_spent_touches_samples():
    calm, stood = Conditions(1.0, 0.0), Conditions(1.0, 0.0, throttled_s=0.01)
    observations = [noise.Observation(Sample(1.0, 0.0), look) for look in (calm, calm, stood, calm)]
    (found,) = noise.disturbances(observations, 1.0, threads=1)
    assert found == ("the quota of the control group was spent", [2])


def on_a_gpu(*looks):
    """Samples that the GPU's own clock timed, by megahertz and what slowed it down."""
    clocks = [None if look is None else GpuClock(look[0] * 10**6, look[1]) for look in looks]
    return [noise.Observation(Sample(1.0, None), Conditions(9.0, 1.0), gpu=clock) for clock in clocks]


def test_a_gpu_that_is_slowed_down_touches_its_samples_and_a_power_limit_does_not():
    observations = on_a_gpu((1980, ""), (1965, ""), (1400, "for its heat"), (1755, ""), (1980, "for its heat"), None)
    assert noise.disturbances(observations, 1.0, threads=1) == [
        ("the GPU was slowed down for its heat", [2, 4]),
        ("the GPU's clock was slower by 10% or more", [2, 3]),
    ]
    steady = on_a_gpu(*[(1500, "")] * 9)
    assert noise.disturbances(steady, 1.0, threads=1) == noise.disturbances(on_a_gpu(None), 1.0, threads=1) == []


@pytest.mark.parametrize(
    ("off_cpu", "seconds", "threads", "had_one"),
    [(0.5, 0.01, 2, True), (0.75, 0.01, 4, True), (0.1, 0.01, 2, False), (0.5, 1e-5, 2, False), (0.0, 0.01, 1, False)],
    ids=["one of two", "one of four", "two of two", "too short to share", "one of one"],
)
def test_threads_that_use_one_core_are_told(off_cpu, seconds, threads, had_one):
    observations = [noise.Observation(Sample(seconds, off_cpu), Conditions(1.0, 0.0))] * 5
    assert noise.had_one_core(observations, threads) is had_one


def spread(most, count=20):
    """Times that rise and fall by turns up to so much above the least."""
    return [1 + most * (i % 5) / 4 for i in range(count)]


def test_a_quiet_machines_spread_is_no_doubt():
    assert list(noise.doubts([], spread(0.2), spread(0.2))) == []


def test_a_median_far_above_the_least_sample_is_doubtful_however_steady():
    (doubt,) = noise.doubts([], [1.0, *[16.0] * 19])
    assert doubt == "its median is 16 times its least sample"


@pytest.mark.parametrize(("twin", "told"), [(16.0, "16"), (1 / 16, "0.0625")], ids=["slower", "faster"])
def test_a_twin_that_took_another_time_is_doubtful(twin, told):
    (doubt,) = noise.doubts([], [1.0] * 20, [twin] * 20)
    assert doubt == f"measured a second time, it took {told} times as long"


def test_a_twin_of_too_few_samples_says_nothing():
    assert list(noise.doubts([], [1.0] * 20, [16.0] * 4)) == []
