"""``compare``, ``plot`` and ``show``, which read saved runs."""

import json
import subprocess
import sys

import pytest
import typer
from synthetic import make_row, make_run, mixed_run
from typer.testing import CliRunner

from fatnn_bench.cli import compare, plot, show
from fatnn_bench.errors import UserError
from fatnn_bench.store import Writer

app = typer.Typer()
app.command()(compare.compare)
app.command()(plot.plot)
app.command()(show.show)


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def saved(tmp_path):
    def save(run, name="run.jsonl"):
        with Writer(tmp_path / name, run.header) as writer:
            for row in run.rows:
                writer.write(row)
        return tmp_path / name

    return save


def test_compare_one_run(saved):
    result = invoke("compare", saved(mixed_run()))
    assert result.exit_code == 0
    assert "× over the fastest float32 of each layer" in result.stdout


def test_compare_with_a_baseline_into_a_file(saved, tmp_path):
    result = invoke(
        "compare", saved(mixed_run()), "--baseline", "binary", "--format", "json", "-o", tmp_path / "o.json"
    )
    assert (result.exit_code, result.stdout) == (0, "")
    assert {row["baseline"] for row in json.loads((tmp_path / "o.json").read_text())["layers"]} == {"binary"}


def test_compare_two_runs(saved):
    faster = make_run(make_row("float32", ms=5.0))
    result = invoke("compare", saved(mixed_run(), "a.jsonl"), saved(faster, "b.jsonl"), "--format", "markdown")
    assert "| float32/net.conv1/kernel@1 | 10.0 | 2.00× [" in result.stdout


def test_a_baseline_kernel_for_two_runs_is_refused(saved):
    path = saved(mixed_run())
    error = invoke("compare", path, path, "--baseline", "int8").exception
    assert isinstance(error, UserError)
    assert "of several runs the first is the baseline" in str(error)


def test_a_torn_file_warns_on_stderr_and_is_shown(saved):
    path = saved(mixed_run())
    with path.open("a") as file:
        file.write('{"kind": "ro')
    result = invoke("show", path)
    assert result.exit_code == 0
    assert "the last line is torn" in result.stderr
    assert "the last line is torn" not in result.stdout
    assert "8 cases" in result.stdout


def test_plot_prints_what_it_wrote(saved, tmp_path):
    result = invoke("plot", saved(mixed_run()), "-o", tmp_path / "f.svg")
    assert result.stdout.split() == [str(tmp_path / "f.svg"), str(tmp_path / "f.csv")]
    assert (tmp_path / "f.svg").stat().st_size > 5000


@pytest.mark.parametrize("command", ["compare", "show"])
def test_an_unknown_format_is_a_usage_error(saved, command):
    result = invoke(command, saved(mixed_run()), "--format", "yaml")
    assert result.exit_code == 2
    assert "markdown" in result.stderr


@pytest.mark.parametrize("command", ["compare", "plot", "show"])
def test_help_has_an_example(command):
    assert f"Example: fatnn-bench {command} " in invoke(command, "--help").stdout


def test_commands_load_nothing_heavy():
    code = "import sys, fatnn_bench.cli.compare, fatnn_bench.cli.plot, fatnn_bench.cli.show; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pandas", "scipy", "matplotlib", "pydantic"} & set(loaded)
