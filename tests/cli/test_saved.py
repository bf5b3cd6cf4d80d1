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
from fatnn_bench.records.run import Status
from fatnn_bench.records.store import Writer

app = typer.Typer()
app.command()(compare.compare)
app.command()(plot.plot)
app.command()(show.show)


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def saved(tmp_path):
    def save(run, name="run.jsonl"):
        with Writer(tmp_path / name) as writer:
            writer.begin(run.header)
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
    assert "| float32/net.conv1/kernel@1 | 10.0 | FASTER 2.00× [" in result.stdout


@pytest.mark.parametrize(("limit", "code"), [("5%", 3), ("50 %", 0)])
def test_a_regression_past_the_limit_exits_with_3(saved, limit, code):
    before, after = make_run(make_row("int8", ms=5.0)), make_run(make_row("int8", ms=6.0))
    result = invoke("compare", saved(before, "a.jsonl"), saved(after, "b.jsonl"), "--fail-on-regression", limit)
    assert result.exit_code == code
    assert ("slower by 5% or more" in result.stderr) == bool(code)
    assert "SLOWER 0.83×" in result.stdout


def test_a_mistrusted_regression_is_never_silent(saved):
    doubtful = make_row("int8", ms=9.0, status=Status.MISTRUSTED, reason="the clock fell")
    paths = [saved(make_run(make_row("int8", ms=5.0)), "a.jsonl"), saved(make_run(doubtful), "b.jsonl")]
    result = invoke("compare", *paths, "--fail-on-regression", "5%")
    assert result.exit_code == 0
    assert "int8/net.conv1/kernel@1 0.56× [" in result.stderr
    assert "but a time of it is MISTRUSTED" in result.stderr
    assert invoke("compare", *paths, "--fail-on-regression", "5%", "--strict").exit_code == 6


def test_noise_exits_with_6_only_if_strict(saved):
    noisy = make_row("int8", ms=5.0, samples_s=[4e-3, 5e-3, 6e-3])
    paths = [saved(make_run(noisy), name) for name in ("a.jsonl", "b.jsonl")]
    assert invoke("compare", *paths).exit_code == 0
    result = invoke("compare", *paths, "--strict")
    assert result.exit_code == 6
    assert "too noisy to tell" in result.stderr


def test_a_gate_that_compared_nothing_exits_with_5(saved):
    paths = [saved(make_run(make_row(k, ms=1.0)), f"{k}.jsonl") for k in ("int8", "binary")]
    error = invoke("compare", *paths, "--fail-on-regression", "5%").exception
    assert isinstance(error, UserError)
    assert error.exit_code == 5


def test_different_machines_are_refused_unless_allowed(saved):
    runs = [make_run(make_row("int8", ms=5.0), machine={"cpu": cpu}) for cpu in ("X", "Y")]
    paths = [saved(run, f"{i}.jsonl") for i, run in enumerate(runs)]
    error = invoke("compare", *paths).exception
    assert isinstance(error, UserError)
    assert str(error).startswith("the runs are of different machines: cpu is X in 0 and Y in 1; --allow-")
    allowed = invoke("compare", *paths, "--allow-different-machines")
    assert allowed.exit_code == 0
    assert "cpu is X in 0 and Y in 1" in allowed.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--fail-on-regression", "5%"), "--fail-on-regression looks for what changed between runs"),
        (("--strict",), "--strict looks for what changed between runs"),
        (("--min-effect", "2"), "--min-effect is '2', expected a percentage with its sign, such as 2%"),
        (("--min-effect", "x%"), "--min-effect is 'x%'"),
        (("--min-effect", "-1%"), "--min-effect is '-1%'"),
    ],
)
def test_options_that_make_no_sense_are_refused(saved, options, message):
    error = invoke("compare", saved(mixed_run()), *options).exception
    assert isinstance(error, UserError)
    assert message in str(error)


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
