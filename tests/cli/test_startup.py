"""What a person meets before anything runs: help, version, lists."""

import subprocess
import sys

import pytest

HEAVY = {"numpy", "numba", "llvmlite", "pandas", "scipy", "matplotlib", "ruamel", "archspec", "psutil"}
COMMANDS = ("run", "compare", "plot", "show", "verify", "list", "accuracy", "export")


def test_help_loads_nothing_heavy(environ):
    code = (
        "import sys\n"
        "from fatnn_bench.cli.main import main\n"
        f"for command in ((), *((name,) for name in {COMMANDS})):\n"
        "    sys.argv = ['fatnn-bench', *command, '--help']\n"
        "    try: main()\n"
        "    except SystemExit as end: assert end.code == 0, command\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ, check=True)
    assert not HEAVY & set(done.stderr.split())
    assert done.stdout.count("Usage: ") == 1 + len(COMMANDS)
    assert done.stdout.count("Example: fatnn-bench ") >= len(COMMANDS)
    assert "\x1b" not in done.stdout


def test_little_is_loaded_before_ctrl_c_is_taken(environ):
    code = "import sys; before = set(sys.modules); import fatnn_bench.__main__; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ, check=True)
    assert not {"typing", "re", "pathlib", "importlib.metadata"} & set(done.stdout.split())


def test_no_command_is_help_with_the_command_to_start_with(shell):
    done = shell()
    assert done.returncode == 2
    assert "fatnn-bench run --platform native" in done.stdout + done.stderr


def test_version(shell):
    done = shell("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, "fatnn-bench 0.1.0\n", "")


def test_list_has_all_there_is(shell):
    done = shell("list")
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("platforms", "native-all-threads", "kernels", "ternary-fatnn", "blas.float32", "networks", "resnet18"):
        assert name in done.stdout.split()


@pytest.mark.parametrize(("topic", "has", "lacks"), [("networks", "vgg16", "native"), ("platforms", "native", "vgg16")])
def test_list_of_one_topic(command, topic, has, lacks):
    done = command("list", topic)
    assert done.code == 0
    assert has in done.out.split()
    assert lacks not in done.out.split()


def test_a_persons_platforms_are_listed(command, tmp_path, monkeypatch):
    (tmp_path / "platforms.yaml").write_text("mine:\n  kind: cpu\n  threads: 1\n  description: under the desk\n")
    monkeypatch.chdir(tmp_path)
    assert command("list", "platforms").out == "  mine  under the desk\n"
