import csv
import io
import json
import re

import pytest
from synthetic import make_row, make_run, mixed_run

from fatnn_bench.document import Document, Sheet
from fatnn_bench.errors import UserError
from fatnn_bench.printing import render, speedups, tables
from fatnn_bench.printing.formats import Format
from fatnn_bench.workload import precisions
from fatnn_kernels import PRODUCTS

KERNELS = (
    "float32",
    "int8",
    "two-bit",
    "ternary-naive",
    "ternary-fatnn",
    "ternary-gated-xnor",
    "ternary-binary",
    "binary",
)


def wide_document():
    """All eight products on a layer with long names and sizes."""
    rows = [make_row(kernel, "conv3_down", ms=10 / (i + 1)) for i, kernel in enumerate(("blas.float32", *KERNELS))]
    return speedups.document(make_run(*rows), "blas.float32", all_ways=True)


@pytest.mark.parametrize(("width", "blocks"), [(60, 2), (80, 2), (100, 1), (140, 1)])
def test_table_fits_its_width(width, blocks):
    text = render.as_text(wide_document(), Format.TABLE, width)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("\nconv3_down ") == blocks
    assert "…" not in text


def doubtful(names):
    """The table of two layers in these precisions, no time of which is trusted."""
    rows = [
        make_row(name, layer, 50 / (i + 1), status="MISTRUSTED", reason="r")
        for i, name in enumerate(names)
        for layer in ("conv1", "conv3_down")
    ]
    return render.as_text(speedups.document(make_run(*rows)), Format.TABLE)


def test_the_suites_precisions_fit_a_log_as_one_table_where_every_time_is_doubtful():
    names = sorted({product.precision for product in PRODUCTS.values()}, key=precisions.place)
    text = doubtful(names)
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("\nconv3_down ") == 1
    assert text.count("†") == 2 * (len(names) - 1) + 1


def test_all_precisions_there_are_fit_a_log_as_several_tables():
    text = doubtful([one.name for one in precisions.PRECISIONS])
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("†") == 2 * (len(precisions.PRECISIONS) - 1) + 1


def test_table_is_plain_text_without_trailing_blanks():
    text = render.as_text(speedups.document(mixed_run(), all_ways=True), Format.TABLE)
    assert "\x1b" not in text
    assert not re.search(r" $", text, re.MULTILINE)
    assert re.search(r"^conv1 +49×512×4608 +8\.00 +0\.80 +1\.00 +SKIPPED +16\.0†$", text, re.MULTILINE)


def test_brackets_are_text_and_not_markup():
    run = make_run(make_row("float32", ms=1.0), make_row("int8", ms=1.0, reason="[bold]no[/bold]", status="MISTRUSTED"))
    assert "[bold]no[/bold]" in render.as_text(speedups.document(run), Format.TABLE)


def test_csv_is_long_and_exact():
    document = speedups.document(mixed_run())
    rows = list(csv.DictReader(io.StringIO(render.as_text(document, Format.CSV))))
    assert len(rows) == 8
    assert [float(row["speedup"]) for row in rows if row["speedup"]] == document.long["speedup"].dropna().tolist()
    assert rows[3]["status"] == "SKIPPED"
    assert rows[3]["speedup"] == ""


def test_json_has_null_for_what_is_unknown():
    data = json.loads(render.as_text(speedups.document(mixed_run()), Format.JSON))
    assert data["run"]["machine"] == "Test & Co 9000 (zen4)"
    assert data["layers"][3]["speedup"] is None
    assert data["layers"][0]["network"] == "net"
    assert {total["kernel"]: total["left_out"] for total in data["totals"]}["int8"] == ["conv1", "conv2_x"]


def test_json_of_a_shown_run_is_the_run():
    run = mixed_run()
    data = json.loads(render.as_text(tables.rows_document(run), Format.JSON))
    assert data["header"] == run.header.to_json()
    assert data["rows"][0]["samples_s"] == run.rows[0].samples_s


def test_markdown():
    document = Document((Sheet("T", ("a|b", "v"), (("x", "1"),), (("sum", "1"),), ("n",)),), None, {}, (("run", "r"),))
    assert render.as_text(document, Format.MARKDOWN) == (
        "- **run**: r\n\n**T**\n\n| a\\|b | v |\n| --- | ---: |\n| x | 1 |\n| **sum** | **1** |\n\n- n\n"
    )


def test_latex_is_balanced_and_escaped():
    text = render.as_text(speedups.document(mixed_run(), all_ways=True), Format.LATEX)
    assert text.count(r"\begin{") == text.count(r"\end{") == 2
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 2, 1]
    assert r"conv2\_x $\times$3 & 784$\times$128$\times$1152 & 4.00 & 1.00" in text
    assert text.replace(r"$\times$", "").isascii()
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")]
    assert {line.count("&") for line in body.splitlines() if line.endswith(r"\\")} == {6}


def test_latex_escapes_every_special_sign():
    sheet = Sheet(r"a\b {c} $d$ e_f #g 50% h^i ~j <k> l&m", ("x",), ())
    caption = render.as_text(Document((sheet,), None, {}), Format.LATEX).splitlines()[3]
    assert caption.strip() == (
        r"\caption{a\textbackslash{}b \{c\} \$d\$ e\_f \#g 50\% h\textasciicircum{}i "
        r"\textasciitilde{}j \textless{}k\textgreater{} l\&m}"
    )


@pytest.mark.parametrize("form", Format)
def test_every_format_of_every_document_ends_in_one_newline(form):
    run = mixed_run()
    for document in (speedups.document(run), tables.runs_document([run, run]), tables.rows_document(run)):
        text = render.as_text(document, form)
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


def test_write_to_a_file_and_to_stdout(tmp_path, capsys):
    document = tables.rows_document(mixed_run())
    render.write(document, Format.TABLE, tmp_path / "out.txt")
    assert capsys.readouterr().out == ""
    render.write(document, Format.TABLE)
    assert capsys.readouterr().out == (tmp_path / "out.txt").read_text(encoding="utf-8")


def test_an_unwritable_file_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"cannot write .*out.csv: .*; name another file with -o"):
        render.write(tables.rows_document(mixed_run()), Format.CSV, tmp_path / "nowhere" / "out.csv")


def test_a_table_of_more_lines_than_anyone_scrolls_through_is_cut_with_a_word():
    run = make_run(*[make_row("int8", f"l{i}", 1.0) for i in range(render.MOST_LINES + 3)])
    text = render.as_text(tables.rows_document(run), Format.TABLE)
    assert f"l{render.MOST_LINES - 1} " in text
    assert f"l{render.MOST_LINES} " not in text
    assert "… and 3 more: --format csv" in text
