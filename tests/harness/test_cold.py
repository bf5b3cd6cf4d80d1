from dataclasses import replace

import numpy as np
import pytest
from fakes import BRIEF, Fake, by_name

from fatnn_bench.harness import cold, measure
from fatnn_bench.records.run import Row, Status
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm


class Activated(Fake):
    @property
    def activations(self):
        return self.x


@pytest.fixture(autouse=True)
def _small_buffer(monkeypatch):
    buffer = np.zeros(8, np.uint64)
    monkeypatch.setattr(cold, "_buffer", lambda: buffer)


def row(fake, state):
    case = Case(fake.name, bare_gemm(3, 4, 50), "kernel", 1)
    found = measure.measure([case], by_name(fake), replace(BRIEF, cache=state), 0)
    return next(record for record in found if isinstance(record, Row))


@pytest.mark.parametrize("state", ["cold", "cold-weights"])
def test_every_call_is_timed_alone_after_the_caches_were_filled(state):
    fake = Activated()
    before = int(cold._buffer()[0])
    assert row(fake, state).timed
    assert cold._buffer()[0] > before
    assert row(fake, state).loops <= cold.CALLS


def test_a_kernel_that_does_not_tell_its_activations_is_skipped_with_the_reason():
    found = row(Fake(), "cold-weights")
    assert found.status is Status.SKIPPED
    assert "--cache cold has both cold" in found.reason


def test_only_the_calls_are_in_the_time():
    run = cold.chilled(lambda loops: 0.25, Activated(), "cold")
    assert run(3) == 0.75
