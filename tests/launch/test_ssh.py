"""Another machine, which here is this one: a real sshd on loopback, started as an ordinary process."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from fatnn_bench import campaign, launch
from fatnn_bench.errors import UserError
from fatnn_bench.harness.events import Hello
from fatnn_bench.harness.timing import Settings
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import ssh
from fatnn_bench.platforms import SshPlatform
from fatnn_bench.records import store
from fatnn_bench.records.run import Status
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
#: One whose rows are known at once, and one that never ends.
KERNELS = ("wrong", "sleeper")
CHECKOUT = Path(__file__).parents[2]
THERE = SshPlatform(kind="ssh", host="board", python=sys.executable)
BRIEF = Settings("brief", rounds=5, sample_s=1e-6, case_s=0, precision=1)
#: The killer kills its worker, and the sleeper sleeps, at the layer of two rows.
LAYERS = [bare_gemm(m, 3, 3) for m in (3, 2, 4)]


def cases(*kernels):
    return [Case(kernel, layer, "kernel", 1) for layer in LAYERS for kernel in kernels]


def plan(*kernels):
    return campaign.Plan(cases(*kernels), "board", THERE, BRIEF, 0)


def known(path):
    """Whether each case of a file has a result, or was lost."""
    rows = store.read(path).rows
    return {row.case.split("/kernel@")[0]: row.status is not Status.ERROR for row in rows}


class Nobody:
    def turn(self, name, progress):
        pass

    def row_done(self, row):
        pass

    def note(self, text):
        pass


WIDE_AWAKE = """
import fakes
from fatnn_bench.contenders import catalog
catalog.contenders = lambda *_, **__: fakes.by_name(fakes.AlwaysWrong("wrong"), fakes.Fake("sleeper"))
"""


@pytest.fixture
def board_of(tmp_path, monkeypatch, fake_contenders):
    """Start an sshd that only this test's ``ssh`` knows, as ``board``: a context that gives its process."""
    if SSHD is None or shutil.which("ssh-keygen") is None:
        pytest.skip("there is no sshd on this machine (apt install openssh-server)")
    port = _free_port()
    for key in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / key], check=True)
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host_key\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {tmp_path}/user_key.pub\nPasswordAuthentication no\n"
        f"SetEnv PYTHONPATH={fake_contenders}:{CHECKOUT}:{CHECKOUT}/kernels\n"
    )
    (tmp_path / "ssh_config").write_text(
        f"Host board\nHostName 127.0.0.1\nPort {port}\nUser {getpass.getuser()}\nIdentityFile {tmp_path}/user_key\n"
        f"IdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile {tmp_path}/known\nLogLevel ERROR\n"
    )
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {tmp_path}/ssh_config "$@"\n')
    (tmp_path / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    return lambda: _server(tmp_path, port)


@contextmanager
def _server(folder, port):
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "sshd_config"], stderr=log)
    try:
        _wait_for(port, server, folder / "log")
        yield psutil.Process(server.pid)
    finally:
        if server.poll() is None:
            for process in psutil.Process(server.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            server.kill()
        server.wait()


@pytest.fixture
def board(board_of):
    """The process of an sshd that serves ``board``."""
    with board_of() as process:
        yield process


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _wait_for(port, server, log):
    for _ in range(100):
        if server.poll() is not None:
            pytest.skip(f"sshd does not start here: {log.read_text().strip()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("sshd does not answer")


@pytest.mark.usefixtures("board")
def test_rows_come_back_from_there():
    events = list(launch.events(THERE, Request(cases("good"), None, 0)))
    assert [event.event for event in events] == ["ready", *["turn", "row"] * 3, "done"]
    assert {event.row.status for event in events if event.event == "row"} == {"PASSED"}
    assert events[0].software["environment"]["NUMBA_NUM_THREADS"] == "1"


@pytest.mark.usefixtures("board")
def test_processes_are_started_over_there_through_one_connection():
    events = list(launch.events(THERE, Request(cases("good"), replace(BRIEF, processes=2), 0)))
    kinds = [event.event for event in events if event.event != "turn"]
    assert kinds == ["ready", *["row"] * 3, "noise", "done"]
    assert {len(event.row.by_process) for event in events if event.event == "row"} == {2}


@pytest.mark.usefixtures("board")
def test_threads_are_those_of_the_entry():
    events = launch.events(THERE.model_copy(update={"threads": 2}), Request(cases("good"), None, 0))
    assert next(events).software["environment"]["NUMBA_NUM_THREADS"] == "2"
    events.close()


@pytest.mark.usefixtures("board")
def test_a_worker_that_dies_there_costs_its_case_only(tmp_path):
    path = tmp_path / "run.jsonl"
    run = campaign.measure(plan("good", "killer"), path, Nobody())
    lost = {row.case: row.reason for row in run.rows if row.status is Status.ERROR}
    assert lost == {"killer/2x3x3/kernel@1": "the worker on board ended with status 1: the worker was ended by SIGKILL"}
    assert len(run.rows) == 6


class Cutter(Nobody):
    """Cuts the connection, or ends the server with it, when the sleeper sleeps."""

    def __init__(self, board, for_good):
        self.board, self.for_good, self.running = board, for_good, []

    def turn(self, name, progress):
        if name.startswith("sleeper/2x") and not self.running:
            self.running = pythons(self.board)
            sessions = self.board.children()
            if self.for_good:
                self.board.terminate()
            for session in sessions:
                session.kill()


def pythons(board):
    return [process for process in board.children(recursive=True) if "python" in process.name()]


def gone(processes):
    return not psutil.wait_procs(processes, timeout=10)[1]


def test_a_lost_connection_keeps_what_arrived_and_leaves_nothing_running(tmp_path, board):
    path = tmp_path / "run.jsonl"
    cutter = Cutter(board, for_good=False)
    run = campaign.measure(plan(*KERNELS), path, cutter)
    (lost,) = (row for row in run.rows if row.status is Status.ERROR)
    assert (lost.case, "the worker on board ended with status 255" in lost.reason) == ("sleeper/2x3x3/kernel@1", True)
    assert known(path) == {f"{kernel}/{m}x3x3": (kernel, m) != ("sleeper", 2) for kernel in KERNELS for m in (3, 2, 4)}
    assert len(cutter.running) == 2
    assert gone(cutter.running)


def test_a_run_whose_host_was_gone_is_gone_on_with(tmp_path, board_of, fake_contenders):
    path = tmp_path / "run.jsonl"
    with board_of() as board, pytest.raises(UserError, match="no worker could be started: the worker on board ended"):
        campaign.measure(plan(*KERNELS), path, Cutter(board, for_good=True))
    assert known(path) == {"wrong/3x3x3": True, "wrong/2x3x3": True, "sleeper/2x3x3": False}
    Path(fake_contenders.split(os.pathsep)[0], "sitecustomize.py").write_text(WIDE_AWAKE)
    with board_of():
        campaign.measure(plan(*KERNELS), path, Nobody(), go_on=True)
    assert known(path) == {f"{kernel}/{m}x3x3": True for kernel in KERNELS for m in (3, 2, 4)}
    assert len(path.read_text().splitlines()) == 1 + 3 + 4 + 1  # header, before and after, and the noise of a block


def test_closing_ends_what_runs_there(board):
    events = launch.events(THERE, Request(cases("sleeper"), None, 0))
    while getattr(next(events), "case", "") != "sleeper/2x3x3/kernel@1":
        pass
    running = pythons(board)
    events.close()
    assert len(running) == 2
    assert gone(running)


@pytest.mark.usefixtures("board")
@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"python": "/no/such/python"}, "/no/such/python"),
        ({"python": "/usr/bin/env; echo"}, "No such file"),
        ({"platform": "natvie"}, "no platform is 'natvie'; did you mean 'native'"),
    ],
)
def test_what_is_not_there_is_told(entry, message):
    with pytest.raises(launch.WorkerDiedError, match=f"^the worker on board ended with status .*{message}"):
        list(launch.events(THERE.model_copy(update=entry), Request(cases("good"), None, 0)))


@pytest.mark.usefixtures("board")
def test_a_host_that_is_not_there_is_told():
    with pytest.raises(launch.WorkerDiedError, match=r"the worker on nowhere\.invalid ended with status 255"):
        list(launch.events(THERE.model_copy(update={"host": "nowhere.invalid"}), Request(cases("good"), None, 0)))


@pytest.mark.parametrize("hello", [{"version": "9.1", "schema": 1}, {"version": ssh.__version__, "schema": 2}])
def test_another_version_there_is_refused(monkeypatch, hello):
    def listen(*_, who):
        yield Hello(**hello)
        pytest.fail("more was asked of it")

    monkeypatch.setattr(ssh.process, "listen", listen)
    with pytest.raises(UserError) as error:
        list(ssh.events(THERE, Request([], None, 0)))
    assert str(error.value) == (
        f"board has fatnn-bench {hello['version']} with results schema {hello['schema']}, and here it is "
        f"{ssh.__version__} with 1; install {ssh.__version__} over there, for {sys.executable}"
    )


def test_no_shell_reads_what_the_entry_says():
    odd = SshPlatform(kind="ssh", host="me@board", python="/opt/my python/$(reboot)")
    *options, host, far = ssh.command(odd)
    assert options[0] == "ssh"
    assert options[-1] == "--"
    assert host == "me@board"
    assert far == "'/opt/my python/$(reboot)' -P -m fatnn_bench.launch.far_end native 1"


def test_without_ssh_all_is_skipped(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert ssh.obstacle(THERE) == "ssh is not on the PATH; it comes with OpenSSH"
