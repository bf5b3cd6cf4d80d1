"""Files of strangers: nothing that they name is run, read or written, whatever the command."""

import dataclasses
import os
import re
import zipfile

import pytest
from synthetic import make_row, make_run

from fatnn_bench.cli.options import Cache, Order, Scope
from fatnn_bench.records import store

OPTIONS = {
    "platform": "native", "shapes": "3x4x33", "layer": None, "kernel": "float32,binary", "scope": Scope.KERNEL.value,
    "seed": 0, "quick": True, "rigorous": False, "order": Order.INTERLEAVED.value, "cache": Cache.WARM.value,
    "case_seconds": None, "affinity": "none", "platforms": None, "plugin": [],
}  # fmt: skip
COMMANDS = (["run", "--dry-run", "--resume", "r.jsonl"], ["reproduce", "a.zip"])


@pytest.fixture
def evil(tmp_path):
    """A plugin that leaves a mark when it is run."""
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'PWNED')!r}, 'w'); KERNELS = []")
    return tmp_path / "evil.py"


@pytest.fixture
def given(tmp_path):
    """Write a run and an artifact whose header holds these options."""

    def write(where="native", name="results/0-native.jsonl", **options):
        run = make_run(make_row("binary", ms=1.0), platform=where)
        header = dataclasses.replace(run.header, options=OPTIONS | options)
        store.save(dataclasses.replace(run, header=header), tmp_path / "r.jsonl")
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.write(tmp_path / "r.jsonl", name)
            archive.writestr("claims.yaml", "[]\n")

    return write


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_plugin_is_run_only_if_it_is_named_now(command, given, evil, tmp_path, arguments):
    given(plugin=[str(evil)])
    done = command(*arguments)
    assert done.code == 2
    assert re.search(r"used the plugin '.*/evil\.py', a file", done.err)
    assert "--plugin 'evil.py'" in done.err
    assert not (tmp_path / "PWNED").exists()


def test_a_plugin_that_is_named_now_is_run(command, given, evil, tmp_path):
    given(plugin=["/home/maker/evil.py"])
    assert command(*COMMANDS[0], "--plugin", "evil.py").code == 0
    assert (tmp_path / "PWNED").exists()


def test_readers_run_no_plugin(command, given, evil, tmp_path):
    given(plugin=[str(evil)])
    for arguments in (["show"], ["compare"], ["report", "-o", "r.html"], ["plot", "-o", "r.svg"], ["bundle"]):
        command(*arguments, "r.jsonl")
    command("inspect", "binary/3x4x33")
    assert not (tmp_path / "PWNED").exists()


@pytest.mark.parametrize("arguments", COMMANDS)
@pytest.mark.parametrize("shapes", ["/dev/zero", "pipe", "mine.yaml", "mine.yaml,3x3x3", "mine"])
def test_no_shapes_are_read_that_a_file_names(command, given, tmp_path, arguments, shapes):
    os.mkfifo(tmp_path / "pipe")
    for name in ("mine", "mine.yaml"):
        (tmp_path / name).write_text("layers:\n- {kind: gemm, m: 3, n: 3, k: 3}\n")
    given(shapes=shapes)
    done = command(*arguments)
    assert done.code == 2
    assert f"used '{shapes}', a file" in done.err


def test_shapes_and_platforms_are_read_if_they_are_named_now(command, given, tmp_path):
    (tmp_path / "mine.yaml").write_text("layers:\n- {kind: gemm, m: 3, n: 3, k: 3}\n")
    (tmp_path / "p.yaml").write_text("native: {kind: cpu, threads: 1}\n")
    given(shapes="mine.yaml", platforms="p.yaml")
    assert "--platforms FILE" in command(*COMMANDS[0], "--shapes", "mine.yaml").err
    done = command(*COMMANDS[0], "--shapes", "mine.yaml", "--platforms", "p.yaml")
    assert (done.code, done.out) == (0, "float32/3x3x3/kernel@1  3×3×3\nbinary/3x3x3/kernel@1  3×3×3\n")


def test_a_strangers_platforms_reach_no_other_machine(command, given, tmp_path):
    (tmp_path / "p.yaml").write_text("native: {kind: ssh, host: evil, python: p}\n")
    given(platforms="p.yaml", platform="native")
    assert "used 'p.yaml', a file" in command(*COMMANDS[0]).err


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"platform": "../x"}, "options, platform: found '../x', expected a name"),
        ({"platform": "a,b"}, "options, platform: found 'a,b', expected a name"),
        ({"scope": "nothing"}, "options, scope: found 'nothing', expected"),
        ({"order": 1}, "options, order"),
        ({"quick": "yes"}, "options, quick: found 'yes', expected a valid boolean"),
        ({"case_seconds": float("1e300")}, "options, case_seconds"),
        ({"affinity": "3; reboot"}, "options, affinity"),
        ({"seed": -1}, "options, seed: found -1"),
        ({"kernel": 3}, "options, kernel"),
    ],
)
@pytest.mark.parametrize("arguments", COMMANDS)
def test_whatever_is_taken_is_checked(command, given, options, field, arguments):
    given(**options)
    done = command(*arguments)
    assert (done.code, field in done.err) == (2, True), done.err


def test_nothing_is_written_outside_the_folder(shell, given, tmp_path):
    given("x/../../outside/evil")
    assert shell("reproduce", "a.zip", "-o", "work/rep", "--timeout", "60").returncode == 5  # nothing is claimed
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.jsonl")] == [
        "r.jsonl", "work/rep/0-native.jsonl"
    ]  # fmt: skip


def test_an_artifacts_own_platforms_are_not_used_where_it_was_unpacked(command, given, tmp_path):
    (tmp_path / "platforms.yaml").write_text("native: {kind: nonsense}\n")
    given(kernel="nothing-of-that-name")
    assert "matches nothing" in command("reproduce", "a.zip").err
