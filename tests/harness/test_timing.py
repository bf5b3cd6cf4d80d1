import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatnn_bench.harness import timing
from fatnn_bench.harness.timing import calibrate, seconds


class Kernel:
    """A kernel whose calls only move a fake clock."""

    def __init__(self, call_ns, overhead_ns=0, interrupted=()):
        self.call_ns, self.overhead_ns, self.interrupted = call_ns, overhead_ns, interrupted
        self.now = 0
        self.runs = []

    def run(self, loops):
        self.now += loops * self.call_ns + self.overhead_ns
        if len(self.runs) in self.interrupted:
            self.now += 20_000_000
        self.runs.append(loops)


@pytest.fixture
def clocked():
    """Give a kernel the process's clock for the duration of a call."""

    def call(function, kernel, *arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "perf_counter_ns", lambda: round(kernel.now))
            return function(kernel.run, *arguments)

    return call


def test_seconds_are_of_all_loops(clocked):
    assert clocked(seconds, Kernel(call_ns=250), 4000) == pytest.approx(1e-3)


@pytest.mark.parametrize("sample_s", [0.002, 0.010, 0.020])
@pytest.mark.parametrize("call_ns", [0.1, 3, 400, 123_456, 4_999_999, 10_000_000, 3_000_000_000])
def test_a_sample_lasts_as_long_as_asked_and_no_longer(clocked, call_ns, sample_s):
    lasts = clocked(calibrate, Kernel(call_ns), sample_s) * call_ns * 1e-9
    assert sample_s * (1 - 1e-6) <= lasts <= max(1.01 * sample_s + call_ns * 1e-9, call_ns * 1e-9)


@given(call_ns=st.floats(0.5, 1e9), overhead_ns=st.floats(0, 5e4))
def test_an_overhead_of_the_call_shortens_samples_by_no_more_than_its_share(call_ns, overhead_ns):
    kernel = Kernel(call_ns, overhead_ns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "perf_counter_ns", lambda: round(kernel.now))
        loops = calibrate(kernel.run, 0.010)
    assert loops * call_ns + overhead_ns >= 0.98 * 0.010e9


@pytest.mark.parametrize("interrupted", range(6))
def test_one_interruption_is_not_taken_for_work(clocked, interrupted):
    kernel = Kernel(call_ns=400, interrupted={interrupted})
    assert clocked(calibrate, kernel, 0.010) * 400e-9 >= 0.010 * (1 - 1e-6)


def test_a_kernel_longer_than_a_sample_is_called_but_twice(clocked):
    kernel = Kernel(call_ns=5e9)
    assert clocked(calibrate, kernel, 0.010) == 1
    assert kernel.runs == [1, 1]


def test_a_kernel_that_does_nothing_comes_to_an_end(clocked):
    assert clocked(calibrate, Kernel(call_ns=0), 0.010) == pytest.approx(1e9)


@pytest.mark.parametrize("settings", [timing.STANDARD, timing.RIGOROUS])
def test_numbers_to_quote_come_from_twenty_samples_of_ten_milliseconds(settings):
    assert settings.rounds >= 20
    assert settings.sample_s >= 0.010
    assert settings.precision <= 0.01


def test_no_case_has_fewer_than_five_rounds():
    assert all(s.rounds >= timing.LEAST_ROUNDS == 5 for s in (timing.STANDARD, timing.RIGOROUS, timing.QUICK))


@pytest.mark.alone
def test_a_sample_tells_how_long_its_thread_did_not_run():
    def half_asleep(loops):
        end = time.perf_counter() + 0.02
        while time.perf_counter() < end:
            pass
        time.sleep(0.02)

    sample = timing.sample(half_asleep, 4)
    assert sample.seconds == pytest.approx(0.01, rel=0.5)
    assert 0.3 < sample.off_cpu < 0.9

    def busy(loops):
        sum(range(30_000))

    # the least of many: others may want the core too
    assert min(timing.sample(busy, 1).off_cpu for _ in range(100)) < 0.3
