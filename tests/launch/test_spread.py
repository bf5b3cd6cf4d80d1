"""Rounds spread over several processes: what is asked of each, and what becomes of what they say."""

from dataclasses import replace

import pytest
from fakes import BRIEF

from fatnn_bench import launch
from fatnn_bench.errors import UserError
from fatnn_bench.harness.events import Done, Noise, Ready, Row, Turn, WorkerDiedError
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch.spread import spread
from fatnn_bench.platforms import CpuPlatform
from fatnn_bench.records import run as records
from fatnn_bench.records.run import Status, unmeasured
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm

CASES = [Case(kernel, bare_gemm(3, 3, k), "kernel", 1) for k in (3, 4) for kernel in ("one", "two")]
THREE = replace(BRIEF, rounds=20, case_s=0.6, processes=3)
REQUEST = Request(CASES, THREE, 7)


class Workers:
    """Starts workers that say what is asked of them, but for a case that kills some of them."""

    def __init__(self, deadly=None, kills=()):
        self.asked = []
        self._deadly, self._kills = deadly, kills

    def __call__(self, request):
        self.asked.append(request)
        yield Ready({}, {})
        for case in request.cases:
            yield Turn(case.id, 0.5)
            if case.id == self._deadly and request.process in self._kills:
                raise WorkerDiedError("the worker was ended by SIGKILL")
            yield Row(self.row(case, request))
        yield Noise(records.Noise(block=f"b{request.process}", floor=None, pairs=[], canary_s=[]))
        yield Done()

    def row(self, case, request):
        samples = [1e-3 * (1 + request.process)] * 4
        timed = {"median_s": samples[0], "min_s": samples[0], "samples_s": samples, "processes": [4], "block": "b"}
        return replace(unmeasured(case, Status.PASSED), **timed)


class Skipping(Workers):
    def row(self, case, request):
        return unmeasured(case, Status.SKIPPED, "no") if case.kernel == "two" else super().row(case, request)


def rows(events):
    return {event.row.case: event.row for event in events if isinstance(event, Row)}


def test_each_process_does_its_share_in_an_order_of_its_own():
    workers = Workers()
    events = list(spread(workers, REQUEST))
    assert [event.event for event in events if event.event != "turn"] == ["ready", *["row"] * 4, "noise", "done"]
    assert [each.process for each in workers.asked] == [0, 1, 2]
    assert {(each.settings.rounds, each.settings.processes, each.seed) for each in workers.asked} == {(7, 1, 7)}
    assert all(row.processes == [4, 4, 4] for row in rows(events).values())
    assert sorted(set(rows(events)[CASES[0].id].samples_s)) == [1e-3, 2e-3, 3e-3]


def test_progress_rises_over_all_processes_and_blocks():
    long = replace(REQUEST, settings=replace(THREE, case_s=20.0, sample_s=1.0))
    workers = Workers()
    shares = [event.progress for event in spread(workers, long) if isinstance(event, Turn)]
    assert len(workers.asked) > 3
    assert shares == sorted(shares)
    assert 0.9 < shares[-1] <= 1


def test_rows_of_a_block_are_known_before_the_next_begins():
    long = replace(REQUEST, settings=replace(THREE, case_s=20.0, sample_s=1.0))
    workers = Workers()
    for event in spread(workers, long):
        if isinstance(event, Row):
            break
    assert len(workers.asked) == 3


@pytest.mark.parametrize("request_", [replace(REQUEST, settings=None), replace(REQUEST, settings=BRIEF)])
def test_verifying_and_a_single_process_are_one_workers_affair(request_):
    workers = Workers()
    list(spread(workers, request_))
    assert workers.asked == [request_]


def test_a_worker_that_dies_costs_its_share_of_the_case_it_was_at():
    found = rows(spread(Workers(CASES[1].id, kills=[1]), REQUEST))
    lost = found.pop(CASES[1].id)
    assert (lost.processes, lost.status) == ([4, 0, 4], Status.MISTRUSTED)
    assert lost.reason == "nothing of process 2 of 3: the worker was ended by SIGKILL"
    assert all(row.processes == [4, 4, 4] and row.status is Status.PASSED for row in found.values())


def test_what_kills_the_first_process_is_not_tried_again():
    workers = Workers(CASES[1].id, kills=[0, 1, 2])
    found = rows(spread(workers, REQUEST))
    assert (found[CASES[1].id].status, found[CASES[1].id].samples_s) == (Status.ERROR, [])
    assert [len(each.cases) for each in workers.asked] == [4, 2, 3, 3]


def test_what_the_first_process_skips_is_not_asked_of_others():
    workers = Skipping()
    found = rows(spread(workers, REQUEST))
    assert [row.status for row in found.values()] == ["PASSED", "SKIPPED"] * 2
    assert [len(each.cases) for each in workers.asked] == [4, 2, 2]


def starting(first):
    """Workers of which only those with a number below ``first`` start."""

    def start(request):
        if request.process >= first:
            raise WorkerDiedError("no memory")
        yield from Workers()(request)

    return start


def test_that_a_later_process_cannot_be_started_costs_its_share():
    found = rows(spread(starting(2), REQUEST))
    assert {row.reason for row in found.values()} == {
        "nothing of process 3 of 3: no worker could be started: no memory"
    }
    with pytest.raises(UserError, match="no worker could be started: no memory"):
        list(spread(starting(0), REQUEST))


def test_processes_of_a_platform_are_processes(monkeypatch, fake_contenders):
    monkeypatch.setenv("PYTHONPATH", fake_contenders)
    cases = [Case("good", bare_gemm(m, 3, 3), "kernel", 1) for m in (3, 4)]
    settings = replace(BRIEF, processes=2)
    found = list(launch.events(CpuPlatform(kind="cpu", threads=1), Request(cases, settings, 0)))
    assert [event.event for event in found if event.event != "turn"] == ["ready", "row", "row", "noise", "done"]
    assert all([len(x) for x in row.by_process] == [3, 3] for row in rows(found).values())
