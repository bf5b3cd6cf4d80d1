"""``peak``, ``inspect``, and the kinds of ``plot`` that show limits."""

import json
import subprocess
import sys

import pytest
import typer
from limits import LOOP, MACHINE, make_limits
from synthetic import make_row, make_run
from typer.testing import CliRunner

from fatnn_bench.cli import inspect, peak, plot
from fatnn_bench.errors import UserError
from fatnn_bench.launch import probe
from fatnn_bench.records.store import Writer

app = typer.Typer()
app.command()(peak.peak)
app.command()(inspect.inspect)
app.command()(plot.plot)

ANSWER = {"machine": MACHINE, "products": [], "bandwidths": [{**make_limits().bandwidths[0].__dict__}]}


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def asked(monkeypatch):
    """Answers instead of processes; the questions."""
    questions = []

    def ask(name, platform, module, *arguments):
        questions.append((name, module))
        return ANSWER if module.endswith("measure_limits") else LOOP

    monkeypatch.setattr(probe, "ask", ask)
    return questions


@pytest.fixture
def saved(tmp_path):
    row = make_row("binary", ms=1.0, macs=10**9, bytes=10**6, peak_gmacs_per_s=1200.0, stages_s={"product": 8e-4})
    run = make_run(row)
    with Writer(tmp_path / "run.jsonl") as writer:
        writer.begin(run.header)
        writer.write(row)
    return tmp_path / "run.jsonl"


def test_peak_asks_the_platform_and_prints(asked):
    result = invoke("peak", "--platform", "native")
    assert result.exit_code == 0
    assert "16 KiB   300" in result.stdout
    assert asked == [("native", "fatnn_bench.harness.measure_limits")]


def test_inspect_prints_the_loop(asked):
    result = invoke("inspect", "binary/resnet18.fc/layer", "--format", "json")
    assert json.loads(result.stdout)["case"] == "binary/resnet18.fc/layer@1"
    assert asked == [("native", "fatnn_bench.harness.compile_case")]


@pytest.mark.parametrize("command", [("peak",), ("inspect", "binary/3x4x5")])
def test_several_platforms_are_refused(asked, command):
    error = invoke(*command, "--platform", "native,native-all-threads").exception
    assert isinstance(error, UserError)
    assert "names 2 platforms" in str(error)


def test_stages_and_roofline_are_drawn(saved, asked, tmp_path):
    limits = tmp_path / "peak.json"
    assert invoke("peak", "--format", "json", "-o", limits).exit_code == 0
    stages = invoke("plot", saved, "--kind", "stages", "--kernel", "binary")
    assert stages.stdout.split()[0].endswith("run-stages.png")
    roofline = invoke("plot", saved, "--kind", "roofline", "--peak", limits, "-o", tmp_path / "r.svg")
    assert roofline.stdout.split() == [str(tmp_path / "r.svg"), str(tmp_path / "r.csv")]
    measured = invoke("plot", saved, "--kind", "roofline", "--measure-bandwidth", "-o", tmp_path / "r.svg")
    assert measured.stdout == roofline.stdout


def test_limits_of_another_machine_are_refused(saved, asked, monkeypatch):
    monkeypatch.setitem(ANSWER, "machine", MACHINE | {"cpu": "Z80"})
    error = invoke("plot", saved, "--kind", "roofline", "--measure-bandwidth").exception
    assert "another machine's than the run's (cpu Z80 and not Test & Co 9000); take them there" in str(error)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--kernel", "binary"), "--kernel is for --kind stages, scaling, and this is speedup; leave it out"),
        (
            ("--kind", "stages", "--baseline", "int8"),
            "--baseline is for --kind speedup, heatmap, crossover, platforms, and this is stages",
        ),
        (("--kind", "stages", "--measure-bandwidth"), "--measure-bandwidth is for --kind roofline"),
        (("--kind", "roofline", "--peak", "p", "--measure-bandwidth"), "exclude each other; give one of them"),
    ],
)
def test_options_of_another_kind_are_refused(saved, options, message):
    error = invoke("plot", saved, *options).exception
    assert isinstance(error, UserError)
    assert message in str(error)


@pytest.mark.parametrize("command", ["peak", "inspect"])
def test_help_has_an_example(command):
    assert f"Example: fatnn-bench {command} " in invoke(command, "--help").stdout


def test_commands_load_nothing_heavy():
    code = "import sys, fatnn_bench.cli.inspect, fatnn_bench.cli.peak; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pandas", "scipy", "matplotlib", "pydantic", "numba"} & set(loaded)
