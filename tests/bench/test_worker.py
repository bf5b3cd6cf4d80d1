import json
import subprocess
import sys

import fakes
import pytest
from fakes import BRIEF, Fake, by_name

from fatnn_bench.cases import Case
from fatnn_bench.layers import bare_gemm
from fatnn_bench.worker import Request, events

LAYERS = [bare_gemm(3, 3, 3), bare_gemm(4, 4, 4)]
CASES = [Case(name, layer, "kernel", 1) for layer in LAYERS for name in ("one", "two")]


@pytest.mark.parametrize("settings", [BRIEF, None])
def test_a_request_survives_the_pipe(settings):
    request = Request(CASES, settings, 7)
    assert Request.from_json(json.loads(json.dumps(request.to_json()))) == request


def told(settings):
    contenders = by_name(Fake("one"), fakes.AlwaysWrong("two"))
    return list(events(Request(CASES, settings, 0), contenders))


@pytest.mark.parametrize("settings", [BRIEF, None], ids=["measure", "verify"])
def test_each_layer_is_told_before_its_rows(settings):
    found = [event.get("name") or event.get("row", {}).get("case") or event["event"] for event in told(settings)]
    assert (found[0], found[3], found[-1]) == ("3x3x3", "4x4x4", "done")
    assert set(found[1:3]) == {"one/3x3x3/kernel@1", "two/3x3x3/kernel@1"}
    assert len(found) == 7


@pytest.mark.parametrize(("settings", "samples"), [(BRIEF, BRIEF.samples), (None, 0)], ids=["measure", "verify"])
def test_rows_are_plain_json(settings, samples):
    rows = {event["row"]["case"]: event["row"] for event in told(settings) if event["event"] == "row"}
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert rows["one/3x3x3/kernel@1"]["status"] == "PASSED"
    assert len(rows["one/3x3x3/kernel@1"]["samples_s"]) == samples
    assert rows["two/4x4x4/kernel@1"]["status"] == "FAILED"


@pytest.fixture
def worker(environ, fake_contenders):
    """A worker as a process, with the contenders of ``fakes.py``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fatnn_bench.worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environ | {"PYTHONPATH": fake_contenders},
    )  # fmt: skip
    with process:
        yield process
        process.kill()


def ask(worker, kernel, m):
    request = Request([Case(kernel, bare_gemm(m, 3, 3), "kernel", 1)], None, 0)
    worker.stdin.write(json.dumps(request.to_json()) + "\n")
    worker.stdin.flush()


def test_what_libraries_print_is_kept_off_the_events(worker):
    ask(worker, "talker", m=3)
    names = [json.loads(line)["event"] for line in worker.stdout]
    assert names == ["ready", "layer", "row", "done"]
    assert "a library says hello" in worker.stderr.read()
    assert worker.wait(10) == 0


def test_it_stops_when_whoever_asked_is_gone(worker):
    ask(worker, "sleeper", m=2)
    assert [json.loads(worker.stdout.readline())["event"] for _ in range(2)] == ["ready", "layer"]
    worker.stdin.close()
    assert worker.wait(5) == 0
