import json
import os
import signal
import subprocess
import sys

import fakes
import pytest
from fakes import BRIEF, Fake, by_name

from fatnn_bench.harness.worker import Request, events
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm
from fatnn_kernels.aligned import gets_huge_pages

LAYERS = [bare_gemm(3, 3, 3), bare_gemm(4, 4, 4)]
CASES = [Case(name, layer, "kernel", 1) for layer in LAYERS for name in ("one", "two")]
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


@pytest.mark.parametrize(
    "request_", [Request(CASES, BRIEF, 7, timeout_s=3.5, affinity="auto"), Request(CASES, None, 7)]
)
def test_a_request_survives_the_pipe(request_):
    request = request_
    assert Request.from_json(json.loads(json.dumps(request.to_json()))) == request


def told(settings):
    contenders = by_name(Fake("one"), fakes.AlwaysWrong("two"))
    return list(events(Request(CASES, settings, 0), contenders))


@pytest.mark.parametrize("settings", [BRIEF, None], ids=["measure", "verify"])
def test_the_work_on_a_case_is_told_before_its_row(settings):
    seen = set()
    for event in told(settings):
        if event.event == "turn":
            seen.add(event.case)
        elif event.event == "row":
            assert event.row.case in seen
    assert seen == {case.id for case in CASES}


@pytest.mark.parametrize("settings", [BRIEF, None], ids=["measure", "verify"])
def test_progress_goes_from_nothing_to_nearly_all(settings):
    progress = [event.progress for event in told(settings) if event.event == "turn"]
    assert progress == sorted(progress)
    assert progress[0] == 0
    assert 0.5 < progress[-1] <= 1


def test_a_measurement_ends_with_its_noise():
    events = told(BRIEF)
    assert [event.event for event in events[-2:]] == ["noise", "done"]
    noise = events[-2].noise.to_json()
    assert [pair["case"] for pair in noise["pairs"]] == ["one/3x3x3/kernel@1", "one/4x4x4/kernel@1"]
    assert json.loads(json.dumps(noise, allow_nan=False)) == noise


@pytest.mark.parametrize(("settings", "samples"), [(BRIEF, BRIEF.rounds), (None, 0)], ids=["measure", "verify"])
def test_rows_are_plain_json(settings, samples):
    rows = {event.row.case: event.row.to_json() for event in told(settings) if event.event == "row"}
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert rows["one/3x3x3/kernel@1"]["status"] in ("PASSED", "MISTRUSTED")  # a busy machine disturbs it
    assert len(rows["one/3x3x3/kernel@1"]["samples_s"]) == samples
    assert rows["two/4x4x4/kernel@1"]["status"] == "FAILED"


@pytest.fixture
def worker(environ, fake_contenders):
    """A worker as a process, with the contenders of ``fakes.py``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fatnn_bench.harness.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environ | {"PYTHONPATH": fake_contenders},
    )  # fmt: skip
    with process:
        yield process
        process.kill()


def ask(worker, kernel, m, settings=None, threads=1, **options):
    request = Request([Case(kernel, bare_gemm(m, 3, 3), "kernel", threads)], settings, 0, **options)
    worker.stdin.write(json.dumps(request.to_json()) + "\n")
    worker.stdin.flush()


def test_what_libraries_print_is_kept_off_the_events(worker):
    ask(worker, "talker", m=3)
    names = [json.loads(line)["event"] for line in worker.stdout]
    assert names == ["ready", "turn", "row", "done"]
    assert "a library says hello" in worker.stderr.read()
    assert worker.wait(10) == 0


def test_a_kernel_that_never_ends_is_ended_by_the_system(worker):
    ask(worker, "sleeper", m=2, timeout_s=0.3)
    assert json.loads(worker.stdout.readlines()[-1])["event"] == "turn"
    assert worker.wait(5) == -signal.SIGALRM


def test_ready_tells_the_core_and_the_sources_of_the_kernels(worker):
    ask(worker, "good", m=3, settings=BRIEF, affinity="auto")
    ready = json.loads(worker.stdout.readline())
    assert ready["machine"]["huge_pages"] is gets_huge_pages()
    assert ready["machine"]["pinned_core"] in os.sched_getaffinity(0)
    assert ready["machine"]["usable_cores"] == len(os.sched_getaffinity(0))
    assert len(ready["software"]["kernel_source"]) == 16


def test_one_that_is_not_to_be_pinned_keeps_its_cores(worker):
    ask(worker, "good", m=3, settings=BRIEF, affinity="none")
    assert json.loads(worker.stdout.readline())["machine"]["pinned_core"] is None


@pytest.mark.parametrize("threads", [1, pytest.param(2, marks=pytest.mark.skipif(CORES < 2, reason="one core"))])
def test_ready_tells_the_threading_layer_where_there_are_threads(worker, threads):
    ask(worker, "good", m=3, threads=threads, affinity="auto")
    ready = json.loads(worker.stdout.readline())
    assert (ready["software"]["threading_layer"] in ("omp", "tbb", "workqueue")) == (threads > 1)
    assert (ready["machine"]["pinned_core"] is None) == (threads > 1)


def test_it_stops_when_whoever_asked_is_gone(worker):
    ask(worker, "sleeper", m=2)
    assert [json.loads(worker.stdout.readline())["event"] for _ in range(2)] == ["ready", "turn"]
    worker.stdin.close()
    assert worker.wait(5) == 0
