"""Every command and snippet of README and docs: run where that is quick, else checked as far as its options."""

import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import typer
from synthetic import make_row, make_run

from fatnn_bench.cli.main import app
from fatnn_bench.records import store

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What is quick enough to be run; the options of the others are parsed, and nothing is done.
QUICK = {"compare", "show", "plot", "report", "convert", "list", "bundle", "new-kernel"}


def blocks(page, language):
    return [text for name, text in FENCE.findall(page.read_text("utf-8")) if name == language]


def commands(page):
    """The commands of a page: those in blocks, without their comments, and those in the text."""
    lines = [line for text in (*blocks(page, ""), *blocks(page, "sh")) for line in text.splitlines()]
    prose = FENCE.sub("", page.read_text("utf-8"))
    lines += re.findall(r"`(fatnn-bench [^`]+)`", prose)
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("fatnn-bench ")]


CASES = [
    pytest.param(words, id=f"{page.stem}-{i}-{words[0]}") for page in PAGES for i, words in enumerate(commands(page))
]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with what the pages' commands name."""
    folder = tmp_path_factory.mktemp("docs")
    times = (("float32", 8.0), ("int8", 4.0), ("two-bit", 2.0), ("ternary-fatnn", 1.0))
    rows = [
        make_row(kernel, layer, ms, network="resnet18", stages_s={"quantise": ms * 1e-4, "product": ms * 8e-4})
        for layer in ("conv1", "fc")
        for kernel, ms in times
    ]
    for name in ("layers", "before", "after", "results/native/a"):
        path = folder / f"{name}.jsonl"
        run = make_run(*rows)
        with store.Writer(path) as writer:
            writer.begin(run.header)
            for row in run.rows:
                writer.write(row)
    shutil.copy(folder / "layers.jsonl", folder / "run.jsonl")
    if find_spec("onnx"):
        from onnx_files import model, node, saved

        product = model([node("MatMul", "x", "w")], {"x": ("batch", 3)}, {"w": np.zeros((3, 4), np.float32)})
        saved(product, folder / "model.onnx")
    return folder


def test_the_readme_is_one_page():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150


def test_there_are_commands_to_check():
    assert len(CASES) > 20


@pytest.mark.parametrize("words", CASES)
def test_a_command_is_understood(words, workplace, command, monkeypatch):
    if "model.onnx" in words and find_spec("onnx") is None:
        pytest.skip("onnx is not installed")
    if words[0] in QUICK and "--help" not in words:
        shutil.rmtree(workplace / "my_kernel", ignore_errors=True)
        monkeypatch.chdir(workplace)
        for name in ("my_kernel.py", "test_my_kernel.py", "again.jsonl"):
            (workplace / name).unlink(missing_ok=True)
        for word in words:
            if word.startswith("results/") and (ROOT / word).is_file():  # a reference run
                (workplace / word).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / word, workplace / word)
        if "layers.csv" in words and "--from" in words:
            assert command("convert", "layers.jsonl", "--to", "csv", "-o", "layers.csv").code == 0
        if "--platforms" in words:
            text = next(block for page in PAGES for block in blocks(page, "yaml"))
            (workplace / "platforms.yaml").write_text(text)
        done = command(*words)
        (workplace / "platforms.yaml").unlink(missing_ok=True)
        assert done.code == 0, done.err
    else:
        parse(words)


def parse(words):
    """Let the command line read the words; nothing is run."""
    group = typer.main.get_command(app)
    with group.make_context("fatnn-bench", words[:1], resilient_parsing=True) as context:
        name, found, _ = group.resolve_command(context, words[:1])
    if "--help" not in words:
        found.make_context(name, list(words[1:]), parent=context).close()


SNIPPETS = [
    pytest.param(page, i, id=f"{page.stem}-{i}") for page in PAGES for i, _ in enumerate(blocks(page, "python"))
]


@pytest.mark.parametrize(("page", "number"), SNIPPETS)
def test_a_snippet_runs_after_those_before_it(page, number, workplace, environ):
    code = "\n".join(["from fatnn_kernels.operations import popcount", *blocks(page, "python")[: number + 1]])
    if "import torch" in code and find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=workplace, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
