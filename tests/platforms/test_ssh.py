"""Another machine, which here is this one: a real sshd on loopback, started as an ordinary process."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from fatnn_bench import campaign, launch, store
from fatnn_bench.cases import Case
from fatnn_bench.errors import UserError
from fatnn_bench.launch import ssh
from fatnn_bench.layers import bare_gemm
from fatnn_bench.platforms import SshPlatform
from fatnn_bench.timing import QUICK
from fatnn_bench.worker import Request

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
THERE = SshPlatform(kind="ssh", host="board", python=sys.executable)
#: The killer kills its worker, and the sleeper sleeps, at the layer of two rows.
LAYERS = [bare_gemm(m, 3, 3) for m in (3, 2, 4)]


def cases(kernel):
    return [Case(kernel, layer, "kernel", 1) for layer in LAYERS]


class Nobody:
    def layer_begins(self, name):
        pass

    def row_done(self, row):
        pass


@pytest.fixture
def board(tmp_path, monkeypatch, fake_contenders):
    """An sshd that only this test's ``ssh`` knows, as ``board``; a process."""
    if SSHD is None or shutil.which("ssh-keygen") is None:
        pytest.skip("there is no sshd on this machine (apt install openssh-server)")
    port = _free_port()
    for key in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / key], check=True)
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host_key\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {tmp_path}/user_key.pub\nPasswordAuthentication no\nSetEnv PYTHONPATH={fake_contenders}\n"
    )
    (tmp_path / "ssh_config").write_text(
        f"Host board\nHostName 127.0.0.1\nPort {port}\nUser {getpass.getuser()}\nIdentityFile {tmp_path}/user_key\n"
        f"IdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile {tmp_path}/known\nLogLevel ERROR\n"
    )
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {tmp_path}/ssh_config "$@"\n')
    (tmp_path / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", tmp_path / "sshd_config"], stderr=log)
    try:
        _wait_for(port, server, tmp_path / "log")
        yield psutil.Process(server.pid)
    finally:
        for process in (*psutil.Process(server.pid).children(recursive=True), server):
            process.kill()
        server.wait()


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _wait_for(port, server, log):
    for _ in range(100):
        if server.poll() is not None:
            server.wait()
            pytest.skip(f"sshd does not start here: {log.read_text().strip()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("sshd does not answer")


def cut(board):
    """End what serves the connection, as a fallen network would."""
    for session in board.children():
        session.kill()


def gone(processes):
    return not psutil.wait_procs(processes, timeout=10)[1]


@pytest.mark.usefixtures("board")
def test_rows_come_back_from_there():
    events = list(launch.events(THERE, Request(cases("good"), QUICK, 0)))
    assert [event["event"] for event in events] == ["ready", *["layer", "row"] * 3, "done"]
    assert {event["row"]["status"] for event in events if "row" in event} == {"PASSED"}
    assert events[0]["software"]["environment"]["NUMBA_NUM_THREADS"] == "1"


@pytest.mark.usefixtures("board")
def test_threads_are_those_of_the_entry():
    events = launch.events(THERE.model_copy(update={"threads": 2}), Request(cases("good"), None, 0))
    assert next(events)["software"]["environment"]["NUMBA_NUM_THREADS"] == "2"
    events.close()


@pytest.mark.usefixtures("board")
def test_a_worker_that_dies_there_costs_its_layer_only(tmp_path):
    path = tmp_path / "run.jsonl"
    campaign.measure(cases("killer"), "board", THERE, QUICK, 0, path, Nobody())
    saved = store.read(path)
    assert [row.status for row in saved.rows] == ["PASSED", "ERROR", "PASSED"]
    assert "the worker on board ended with status 1: the worker was ended by SIGKILL" in saved.rows[1].reason


def test_a_lost_connection_keeps_what_arrived_and_leaves_nothing_running(tmp_path, board):
    path = tmp_path / "run.jsonl"

    class Cutter(Nobody):
        def layer_begins(self, name):
            if name.startswith("2x"):
                self.running = board.children(recursive=True)
                self.running = [process for process in self.running if "python" in process.name()]
                cut(board)

    cutter = Cutter()
    campaign.measure(cases("sleeper"), "board", THERE, QUICK, 0, path, cutter)
    assert [row.status for row in store.read(path).rows] == ["PASSED", "ERROR", "PASSED"]
    assert "the worker on board ended with status 255" in store.read(path).rows[1].reason
    assert len(cutter.running) == 2
    assert gone(cutter.running)


def test_a_host_that_is_gone_keeps_what_arrived(tmp_path, board):
    path = tmp_path / "run.jsonl"

    class Ender(Nobody):
        def layer_begins(self, name):
            if name.startswith("2x"):
                board.send_signal(signal.SIGTERM)
                cut(board)

    with pytest.raises(UserError, match="no worker could be started: the worker on board ended with status 255"):
        campaign.measure(cases("sleeper"), "board", THERE, QUICK, 0, path, Ender())
    assert [row.status for row in store.read(path).rows] == ["PASSED", "ERROR"]


def test_closing_ends_what_runs_there(board):
    events = launch.events(THERE, Request(cases("sleeper"), QUICK, 0))
    while next(events).get("name") != "2x3x3":
        pass
    running = [process for process in board.children(recursive=True) if "python" in process.name()]
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
        yield {"event": "hello", **hello}
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
    assert far == "'/opt/my python/$(reboot)' -m fatnn_bench.launch.far native 1"


def test_without_ssh_all_is_skipped(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert ssh.obstacle(THERE) == "ssh is not on the PATH; it comes with OpenSSH"
