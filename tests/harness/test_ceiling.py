"""Limits that tell their own time, so that no clock decides."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import BRIEF, Fake, by_name

from fatnn_bench.contenders.catalog import contenders
from fatnn_bench.contenders.problems import Problems
from fatnn_bench.harness import cold
from fatnn_bench.harness.measure import measure
from fatnn_bench.records.run import Bound, Row
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer, bare_gemm

GEMM = bare_gemm(1, 40, 50)


class Loop:
    """Takes so many seconds a call, by its own clock."""

    def __init__(self, call_s):
        self.call_s = call_s

    def run(self, loops):
        return loops * self.call_s


class Limited(Fake):
    """Its limits are 1 MAC and, where there is one, 1 byte in so many seconds; itself it takes 1 s."""

    def __init__(self, mac_s, byte_s=None):
        super().__init__()
        self.limit, self.asked = Loop(7 * mac_s), []
        self.limit.macs, self.limit.reading = 7, self._reading
        self._byte_s = byte_s

    @property
    def activations(self):
        return self.x.astype(np.int8)  # as the bytes of fakes count them

    def run(self, loops):
        super().run(loops)
        return loops * 1.0

    def _reading(self, size):
        self.asked.append(size)
        if self._byte_s is None:
            return None
        loop = Loop((size + 3) * self._byte_s)
        loop.bytes = size + 3  # as of a whole number of vectors
        return loop


def row(fake, threads=1, **settings):
    case = Case(fake.name, GEMM, "kernel", threads)
    found = measure([case], by_name(fake), replace(BRIEF, **settings), 0)
    return next(record for record in found if isinstance(record, Row))


def test_the_share_is_of_the_limit_that_takes_longer():
    near = row(Limited(mac_s=1e-4, byte_s=1e-6))
    assert (near.limit, near.peak_gbytes_per_s) == (Bound.OPERATIONS, None)
    assert near.peak_gmacs_per_s == pytest.approx(1e-9 / 1e-4)
    assert near.peak_fraction == pytest.approx(GEMM.macs * 1e-4)


def test_and_reading_takes_longer_where_words_are_used_once():
    far = row(Limited(mac_s=1e-6, byte_s=1e-4))
    assert far.limit == Bound.BANDWIDTH
    assert (far.peak_gmacs_per_s, far.peak_gbytes_per_s) == (pytest.approx(1e-3), pytest.approx(1e-5))
    assert far.peak_fraction == pytest.approx(far.bytes * 1e-4) == pytest.approx(far.gbytes_per_s / 1e-5)


def test_two_limits_that_are_near_are_both_told():
    both = row(Limited(mac_s=1e-4, byte_s=7e-5))
    assert (both.limit, both.peak_gbytes_per_s) == (Bound.OPERATIONS, pytest.approx(1e-9 / 7e-5))
    assert both.peak_fraction == pytest.approx(GEMM.macs * 1e-4)


@pytest.mark.parametrize("fake", [Limited(mac_s=1e-4), Limited(mac_s=1e-4, byte_s=1e-9)], ids=["cannot", "is fast"])
def test_where_reading_is_no_limit_nothing_is_said_of_it(fake):
    assert row(fake).limit == Bound.OPERATIONS
    assert row(fake).peak_gbytes_per_s is None


def test_on_several_threads_and_without_limits_there_is_no_share():
    for found in (row(Fake()), row(Limited(1e-4, 1e-4), threads=2)):
        assert found.timed
        assert (found.peak_fraction, found.limit, found.peak_gmacs_per_s) == (None, None, None)


@pytest.mark.parametrize("cache", ["cold", "cold-weights"])
def test_only_what_is_cold_is_read(cache, monkeypatch):
    chills = []
    monkeypatch.setattr(cold, "_rotate", lambda: chills.append(1))
    fake = Limited(mac_s=1e-6, byte_s=1e-4)
    found = row(fake, cache=cache)
    assert set(fake.asked) == {found.bytes - (50 if cache == "cold-weights" else 0)}
    assert found.peak_fraction == pytest.approx(fake.asked[0] * 1e-4)
    assert len(chills) > 2 * len(found.samples_s)  # of the kernel and of the limit


def limit_of(scope, layer, name="ternary-fatnn"):
    contender = contenders(scope)[name]
    prepared = contender.prepare(Problems(layer, scope, 0).of(contender.x_domain, contender.y_domain), 1)
    return prepared.limit, prepared.bytes


@pytest.mark.parametrize("scope", ["kernel", "layer", "packed"])
def test_the_suites_own_kernels_read_all_their_operands(scope):
    limit, size = limit_of(scope, Layer(name="l", kind="linear", in_channels=64, out_channels=40))
    assert size <= limit.reading(size).bytes < size + 1024


@pytest.mark.parametrize("scope", ["layer", "packed"])
def test_but_not_those_that_pass_over_pixels(scope):
    layer = Layer(
        name="d", kind="conv", in_channels=32, out_channels=8, height=6, width=6, kernel=1, stride=2, padding=0
    )
    limit, size = limit_of(scope, layer)
    assert limit.reading(size) is None


def test_a_loop_of_reading_times_itself_as_a_limit():
    """The real loops, put together: whatever the machine, a share and the word for it."""
    case = Case("binary", bare_gemm(1, 64, 64), "kernel", 1)
    found = next(r for r in measure([case], contenders("kernel"), BRIEF, 0) if isinstance(r, Row))
    assert found.limit in set(Bound)
    assert np.isfinite(found.peak_fraction)
    assert found.peak_fraction > 0
