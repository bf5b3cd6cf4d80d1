"""One list of names, every output: what came from a file is only ever text where it goes out, and is kept whole."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from importlib import import_module

import matplotlib as mpl
import pytest
from attacks import ATTACKS
from synthetic import make_row, make_run

from fatnn_bench.errors import CONTROL
from fatnn_bench.figures import Options, saving, style
from fatnn_bench.files import csvfile
from fatnn_bench.interchange import google_benchmark, pytest_benchmark, tabular
from fatnn_bench.printing import escaping, render, speedups, tables
from fatnn_bench.printing.formats import Format
from fatnn_bench.records.run import Status
from fatnn_bench.report import page

attacks = pytest.mark.parametrize("name", ATTACKS.values(), ids=ATTACKS)


def run_of(name):
    """A run that holds a name wherever a file may."""
    held = {"network": name, "platform": name, "reason": name, "bytes": 9000, "macs": 9000, "stages_s": {name: 1e-4}}
    timed = [make_row(kernel, name, ms, **held) for kernel, ms in (("float32", 4.0), (name, 1.0))]
    rows = [*timed, make_row("int8", name, status=Status.SKIPPED, network=name, platform=name, reason=name)]
    return make_run(*rows, platform=name, machine={"cpu": name, "logical_cores": 1}, source="r.jsonl")


def documents(name):
    run = run_of(name)
    return [tables.rows_document(run), speedups.document(run), tables.runs_document([run, run])]


@attacks
@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.LATEX, Format.JSON])
def test_nothing_that_a_terminal_obeys_is_printed(name, form):
    for document in documents(name):
        assert not CONTROL.search(render.as_text(document, form))


@attacks
def test_a_table_has_the_name_whole(name):
    wide = render.as_text(tables.rows_document(run_of(name)), Format.TABLE, width=4000)
    assert escaping.plain(name) in wide


@attacks
def test_json_and_csv_give_the_name_back(name):
    document = tables.rows_document(run_of(name))
    assert json.loads(render.as_text(document, Format.JSON))["rows"][1]["kernel"] == name
    assert tabular.from_csv(tabular.to_csv(run_of(name)), "r.csv").rows == run_of(name).rows


@attacks
def test_no_cell_of_a_csv_is_a_formula(name):
    texts = [csvfile.table(tables.rows_document(run_of(name)).long), tabular.to_csv(run_of(name))]
    texts.append(csvfile.table(saving.svg("speedup", [run_of(name)])[0]))
    for text in texts:
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        assert not [cell for cell in cells if re.match(r"[=+@\t\r]|-(?![\d.])", cell)]


@attacks
def test_latex_prints_the_name_and_obeys_none_of_it(name):
    for document in documents(name):
        text = render.as_text(document, Format.LATEX)
        for line in text.splitlines():
            assert line.startswith("%") or not re.search(r"(?<!\\)[%#]", line)
            assert line.startswith("%") or not re.match(r"\s*[\[*]", line)
        body = re.sub(r"(?m)^%.*$", "", text).replace(r"\\", "")
        assert "\\input" not in body
        assert "\\frac" not in body
        assert len(re.findall(r"(?<!\\)\$", body)) % 2 == 0
        assert len(re.findall(r"(?<!\\)\{", body)) == len(re.findall(r"(?<!\\)\}", body))


@attacks
def test_a_table_in_markdown_keeps_its_columns(name):
    (sheet,) = tables.rows_document(run_of(name)).sheets
    text = render.as_text(tables.rows_document(run_of(name)), Format.MARKDOWN)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(sheet.columns) + 1}
    assert not re.search(r"(?<!\\)<|(?<!\\)\]\(", text)


@attacks
def test_others_formats_have_the_name_whole(name):
    case = f"{name}/{name}.{name}/kernel@1"
    assert case in {b["name"] for b in json.loads(google_benchmark.to_json(run_of(name)))["benchmarks"]}
    assert case in {b["name"] for b in json.loads(pytest_benchmark.to_json(run_of(name)))["benchmarks"]}


def test_a_page_has_no_tag_of_any_name():
    rows = [make_row(name, f"{name}'s", 1.0, reason=name) for name in ATTACKS.values()]
    rows += [make_row("float32", f"{name}'s", 2.0) for name in ATTACKS.values()]
    text = page.render([make_run(*rows, platform="".join(ATTACKS.values()))])
    assert "<script>alert" not in text
    assert '" onmouseover' not in text


DRAWN = ("escape", "newline", "direction", "dollars", "underscore", "markup", "long", "wide")


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("kind", ["speedup", "stages", "roofline", "heatmap", "platforms"])
def test_figures_draw_the_name_as_text(name, kind):
    attack = ATTACKS[name]
    _, svg = saving.svg(kind, [run_of(attack)], Options(kernel="*") if kind == "stages" else Options())
    words = "".join(ET.fromstring(svg).itertext())
    if len(attack) < 28 and attack.isascii():
        assert escaping.plain(attack) in words


@pytest.mark.parametrize("kind", ["speedup", "stages", "roofline", "heatmap", "platforms"])
def test_a_long_name_leaves_the_axes_their_room(kind):
    with mpl.rc_context(style.rc(style.Width.SCREEN)):
        module = import_module(f"fatnn_bench.figures.{kind}")
        _, figure = module.figure([run_of("x" * 200)], Options(kernel="*") if kind == "stages" else Options())
        figure.draw_without_rendering()
    widths = [ax.get_position().width for ax in figure.axes if ax.axison]
    assert min(widths) > 0.3 / len(widths)
