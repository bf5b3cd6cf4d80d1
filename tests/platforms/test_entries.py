"""The platforms file: which one is read, what it holds, what is refused."""

from pathlib import Path
from typing import get_args

import pytest

from fatnn_bench import platforms
from fatnn_bench.errors import UserError
from fatnn_bench.machine.quota import usable_cores

CHECKOUT = Path(__file__).parents[2]
MODELLED = "kind: modelled, triple: aarch64-linux-gnu, cpu: cortex-a76, source: a datasheet"


def test_the_shipped_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = platforms.load()
    assert list(shipped)[:2] == ["native", "native-all-threads"]
    assert all(entry.description for entry in shipped.values())
    assert shipped["native"].thread_count == 1
    assert shipped["native-all-threads"].thread_count == usable_cores() >= 1


def test_the_shipped_file_documents_every_field():
    text = (CHECKOUT / "platforms.yaml").read_text()
    for kind in get_args(get_args(platforms.Platform)[0]):
        for field in kind.model_fields:
            assert f"#   {field} " in text


def test_the_file_here_goes_before_the_shipped_one_and_a_named_file_before_both(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("platforms.yaml").write_text("here: {kind: cpu, threads: 2, numba_cpu: x86-64-v3}\n")
    Path("other.yaml").write_text("other: {kind: cpu, threads: all, numba_features: '+avx2,-avx512f'}\n")
    assert platforms.load()["here"].numba_cpu == "x86-64-v3"
    assert platforms.load(Path("other.yaml"))["other"].numba_features == "+avx2,-avx512f"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a:\n  kind: gpu\n  threads: 1",
            "line 2, a.kind: found 'gpu', expected one of 'cpu', 'cuda', 'dask', 'emulated', 'imported', 'modelled', "
            "'ssh'",
        ),
        (
            "a:\n  kind: cpu\n  threads: 0",
            "line 3, a.threads: found 0, expected a positive integer of at most 4096",
        ),
        (
            "a: {kind: cpu, threads: some}",
            "line 1, a.threads: found 'some', expected a positive integer of at most 4096",
        ),
        ("a: {kind: cpu, threads: true}", "found True, expected a positive integer of at most 4096"),
        ("a: {kind: cpu}", "line 1, a.threads: this field is missing; add it"),
        (
            "a:\n  kind: cpu\n  thread: 1",
            "line 3, a.thread: unknown field; did you mean 'threads'? Accepted: kind, threads",
        ),
        (
            "a: {kind: cpu, threads: 1, numba_features: avx2}",
            "a.numba_features: found 'avx2', expected LLVM's features",
        ),
        ("a: {threads: 1}", "line 1, a.kind: this field is missing; it says what the entry is"),
        (f"a: {{{MODELLED}, clock_ghz: 0}}", "a.clock_ghz: found 0, expected greater than or equal to 0.001"),
        (f"a: {{{MODELLED}, clock_ghz: fast}}", "a.clock_ghz: found 'fast', expected a valid number"),
        (f"a: {{{MODELLED}}}", "a.clock_ghz: this field is missing; add it"),
        (
            f"a: {{{MODELLED.replace('cortex', '-mcpu=cortex')}, clock_ghz: 1}}",
            "a.cpu: found '-mcpu=cortex-a76', expected LLVM's word, such as aarch64-linux-gnu or cortex-a76",
        ),
        (
            "a: {kind: ssh, host: -oProxyCommand=reboot, python: p}",
            "a.host: found '-oProxyCommand=reboot', expected a host",
        ),
        ("a: {kind: ssh, host: 'board reboot', python: p}", "a.host: found 'board reboot', expected a host"),
        ("a: {kind: ssh, host: board}", "a.python: this field is missing; add it"),
        ("a: {kind: ssh, host: board, python: p, threads: all}", "a.threads: found 'all', expected a valid integer"),
        (
            "a: {kind: dask, scheduler: 'python -c x'}",
            "a.scheduler: found 'python -c x', expected the address of a Dask scheduler, such as tcp://192.0.2.7:8786",
        ),
        ("a: {kind: dask, scheduler: 'tcp://-x:1'}", "a.scheduler: found 'tcp://-x:1', expected the address"),
        ("a: {kind: imported, file: a.csv, row_platform: b}", "a.source: this field is missing; add it"),
        ("../a: {kind: cpu, threads: 1}", "found '../a', expected a name"),
        (
            "a: {kind: cpu, threads: 1}\na: {kind: cpu, threads: 2}",
            "line 2: found duplicate key",
        ),
        ("{}", "expected at least 1 entry"),
    ],
)
def test_refuses(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        platforms.load(path)
    assert str(error.value).startswith(f"{path}, line ")
    assert message in str(error.value)


def test_select_keeps_the_order_of_the_names():
    known = platforms.load(CHECKOUT / "platforms.yaml")
    assert list(platforms.select(known, "native-all-threads, native")) == ["native-all-threads", "native"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("native,nativ", "no platform is 'nativ'; did you mean 'native'. Accepted: native, native-all-threads, "),
        (",", "names nothing; give some of native, native-all-threads, "),
    ],
)
def test_select_refuses(names, message):
    with pytest.raises(UserError, match=message):
        platforms.select(platforms.load(CHECKOUT / "platforms.yaml"), names)


def test_a_file_that_nobody_named_is_said_to_count(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    platforms.load()
    assert caplog.records == []
    (tmp_path / "platforms.yaml").write_text("mine: {kind: cpu, threads: 1}\n")
    assert [*platforms.load(), *platforms.load()] == ["mine", "mine"]
    assert [record.getMessage() for record in caplog.records] == [
        f"fatnn-bench: platforms are those of {tmp_path}/platforms.yaml"
    ]
