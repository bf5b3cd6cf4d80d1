"""``fatnn-bench platforms``, and sweeps over several of them."""

from pathlib import Path

import pytest

from fatnn_bench import platforms
from fatnn_bench.records import store

SMALL = ("--shapes", "3x4x5", "--quick", "--kernel", "float32,binary")


def test_each_is_listed_with_what_keeps_it_from_being_used(command, monkeypatch):
    monkeypatch.setenv("PATH", "")
    Path("platforms.yaml").write_text("far: {kind: ssh, host: a, python: p}\nnear: {kind: cpu, threads: 1}\n")
    lines = [line.split(maxsplit=2) for line in command("platforms").out.splitlines()]
    assert lines[0] == ["far", "ssh", "not here: ssh is not on the PATH; it comes with OpenSSH"]
    assert lines[1] == ["near", "cpu", "usable"]


def test_an_entry_is_added_behind_the_others(command):
    assert command("platforms", "add", "ssh", "board", "host=me@board", "python=/opt/python", "threads=4").code == 0
    found = platforms.load()
    assert (next(iter(found)), list(found)[-1]) == ("native", "board")
    assert (found["board"].host, found["board"].threads) == ("me@board", 4)
    assert command("platforms", "add", "dask", "fleet", "scheduler=tcp://a:1", "resources={board: 1}").code == 0
    assert platforms.load()["fleet"].resources == {"board": 1.0}
    assert Path("platforms.yaml").read_text().startswith(platforms.shipped().read_text().rstrip())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("ssh", "b", "host=-oProxyCommand=reboot", "python=p"),
            "b.host: found '-oProxyCommand=reboot', expected a host",
        ),
        (("dask", "b", "scheduler=here"), "b.scheduler: found 'here', expected the address of a Dask scheduler"),
        (("gpu", "b", "x=1"), "b.kind: found 'gpu', expected one of"),
        (("ssh", "native", "host=a", "python=p"), "has a platform 'native' already; choose another name"),
        (("ssh", "b", "host"), "found 'host', expected FIELD=VALUE, such as host=me@192.0.2.7"),
        (("ssh", "b", "host={"), "host is '{', which is no YAML value"),
        (("ssh", "b", "host=!!python/object/apply:os.system [reboot]", "python=p"), "host"),
    ],
)
def test_a_bad_entry_is_refused_and_not_written(command, arguments, message):
    done = command("platforms", "add", *arguments)
    assert (done.code, message in done.err) == (2, True)
    assert not list(Path().iterdir())


def test_one_file_holds_all_platforms_of_a_sweep(command):
    Path("t.csv").write_text("platform,network,layer,kernel,ms\nphone,,3x4x5,float32,2\nphone,,3x4x5,binary,1\n")
    Path("platforms.yaml").write_text(
        "here: {kind: cpu, threads: 1}\n"
        "gone: {kind: dask, scheduler: 'tcp://127.0.0.1:1'}\n"
        "paper: {kind: imported, file: t.csv, row_platform: phone, source: a paper}\n"
    )
    assert command("run", "--platform", "here,paper", *SMALL, "-o", "all.jsonl").code == 0
    run = store.read(Path("all.jsonl"))
    assert run.header.platform == "here+paper"
    assert run.header.platforms["paper"]["machine"]["cpu"] == "phone, as a paper has it"
    assert {(row.platform, row.kernel) for row in run.rows} == {
        (platform, kernel) for platform in ("here", "paper") for kernel in ("float32", "binary")
    }
    assert len(store.read(Path("all.here.jsonl")).rows) == 2
    assert command("plot", "all.jsonl", "--kind", "platforms").code == 0
    assert "never overwritten" in command("run", "--platform", "here,paper", *SMALL, "-o", "all.jsonl").err
