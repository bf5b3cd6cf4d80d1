"""A fleet on this machine: a real scheduler and real worker processes, of which one is killed."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing

import psutil
import pytest

from fatnn_bench import launch
from fatnn_bench.errors import UserError
from fatnn_bench.harness.worker import Request
from fatnn_bench.platforms import DaskPlatform
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm

pytest.importorskip("distributed", reason="dask[distributed] is not installed")
from fatnn_bench.launch import dask as fleet

CASES = 1000
#: Every case takes a moment, and the one of a thousand columns ends its process.
TRIVIAL = """
import os, time
from fatnn_bench.harness.events import Done, Ready, Row
from fatnn_bench.launch import cpu
from fatnn_bench.records.run import Status, unmeasured

def events(platform, request):
    yield Ready({}, {})
    for case in request.cases:
        if case.layer.n == 1000:
            os._exit(1)
        time.sleep(0.002)
        row = unmeasured(case, Status.PASSED, str(os.getpid()))
        yield Row(row)
    yield Done()

cpu.events = events
"""
#: Of another kind.
OTHER_CPU = """
from fatnn_bench import machine

describe = machine.describe
machine.describe = lambda: describe() | {"cpu": "Other 1"}
"""


def start(folder, *arguments):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
        env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def boards(tmp_path):
    """The platform of three workers of a scheduler, and their processes."""
    (tmp_path / "sitecustomize.py").write_text(TRIVIAL)
    found = tmp_path / "scheduler.json"
    running = [
        start(tmp_path, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", found)
    ]
    try:
        address = _address(found)
        running += [
            start(
                tmp_path, "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--resources", "board=1"
            )
            for _ in range(3)
        ]
        yield DaskPlatform(kind="dask", scheduler=address, resources={"board": 1.0}), running[1:]
    finally:
        for process in reversed(running):
            process.kill()
            process.wait()


def _address(file):
    for _ in range(600):
        if file.exists() and (text := file.read_text()):
            return json.loads(text)["address"]
        time.sleep(0.05)
    pytest.fail("the scheduler does not start")


def ready(platform, processes):
    """Wait for all boards."""
    from distributed import Client

    with Client(platform.scheduler, set_as_default=False) as client:
        client.wait_for_workers(len(processes), timeout=60)


def test_a_thousand_cases_survive_the_loss_of_a_board(boards):
    platform, processes = boards
    ready(platform, processes)
    cases = [Case("binary", bare_gemm(m, 2, 2), "kernel", 1) for m in range(1, CASES + 1)]
    rows = []
    with closing(launch.events(platform, Request(cases, None, 0))) as events:
        for event in events:
            if event.event == "row":
                rows.append(event.row)
                if len(rows) == 100:
                    processes[0].kill()
    assert sorted(row.case for row in rows) == sorted(case.id for case in cases)
    assert {row.status for row in rows} == {"PASSED"}
    assert {int(row.reason) for row in rows[-100:]} <= {process.pid for process in processes[1:]}


def test_a_case_that_ends_every_board_is_marked(boards, monkeypatch):
    platform, processes = boards
    ready(platform, processes)
    monkeypatch.setattr(fleet, "PATIENCE_S", 2.0)
    cases = [Case("binary", bare_gemm(2, n, 2), "kernel", 1) for n in (1000,)]
    events = list(launch.events(platform, Request(cases, None, 0)))
    (row,) = [event.row for event in events if event.event == "row"]
    assert (row.status, events[0].machine["boards"]) == ("ERROR", 3)
    assert "no board came back" in row.reason or "KilledWorker" in row.reason or "attempts" in row.reason
    assert not any(psutil.pid_exists(process.pid) and process.poll() is None for process in processes)


def test_a_resource_that_no_board_offers_is_told(boards):
    platform, processes = boards
    ready(platform, processes)
    with pytest.raises(UserError, match=r"has no worker that offers gpu=1; start one on a board: dask worker tcp://"):
        list(launch.events(platform.model_copy(update={"resources": {"gpu": 1.0}}), Request([], None, 0)))


def test_boards_of_two_kinds_are_refused(boards, tmp_path):
    platform, processes = boards
    ready(platform, processes)
    (tmp_path / "sitecustomize.py").write_text(OTHER_CPU)
    arguments = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--resources", "board=1")
    other = start(tmp_path, "worker", platform.scheduler, *arguments)
    try:
        ready(platform, [*processes, other])
        with pytest.raises(UserError, match=r"cpu is .*Other 1.*: times of one run must come from"):
            list(launch.events(platform, Request([], None, 0)))
    finally:
        other.kill()
        other.wait()


def test_a_scheduler_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(fleet, "CONNECT_S", 0.5)
    nowhere = DaskPlatform(kind="dask", scheduler="tcp://127.0.0.1:1")
    with pytest.raises(UserError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1; start one with"):
        list(launch.events(nowhere, Request([], None, 0)))


@pytest.mark.parametrize(
    ("greeting", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what answers at .* is no Dask scheduler"),
        (b"\x00" * 8, "what answers at .* is no Dask scheduler"),
        (b"", "what answers at .* is no Dask scheduler"),
        (None, "no Dask scheduler answers at"),
    ],
    ids=["HTTP", "zeros", "hangs up", "silence"],
)
def test_what_is_no_scheduler_is_one_sentence(monkeypatch, greeting, says):
    monkeypatch.setattr(fleet, "CONNECT_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def answer():
            connection, _ = server.accept()
            held.append(connection)
            if greeting is not None:
                connection.sendall(greeting)
                connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        platform = DaskPlatform(kind="dask", scheduler=f"tcp://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(UserError, match=says):
            list(launch.events(platform, Request([Case("binary", bare_gemm(3, 4, 5), "kernel", 1)], None, 0)))
        thread.join()
        for connection in held:
            connection.close()


def test_without_dask_all_is_skipped(monkeypatch):
    monkeypatch.setattr(fleet, "find_spec", lambda name: None)
    assert "pip install 'fatnn-bench[cluster]'" in fleet.obstacle(DaskPlatform(kind="dask", scheduler="tcp://a:1"))
