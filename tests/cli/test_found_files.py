"""Files that once ended in a traceback, a hang or a false "saved": each is one sentence, and nothing is left behind.

They were found by mutation; what ``make fuzz`` tries are others like them.
"""

import json

import pytest
from fuzzing import samples

ALIASES = (
    "b: &b {"
    + ", ".join(f"k{i}: 1" for i in range(4000))
    + "}\nc:\n"
    + "".join(f"  x{i}: {{<<: *b}}\n" for i in range(300))
)
DEEP = "[" * 3000


@pytest.fixture
def refused(command, tmp_path):
    """What a command says of the files that it is given, without the name of the first of them."""

    def run(words, **files):
        for name, content in files.items():
            path = tmp_path / name.replace("_", ".")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        before = sorted(tmp_path.iterdir())
        done = command(*(words.split() if isinstance(words, str) else words))
        assert done.code == 2
        assert sorted(tmp_path.iterdir()) == before
        assert "Traceback" not in done.err
        (sentence,) = [line for line in done.err.splitlines() if "platforms are those of" not in line]
        return sentence.removeprefix("fatnn-bench: ")

    return run


def changed(content, place, value):
    """JSON with another value at a place."""
    document = found = json.loads(content)
    for key in place[:-1]:
        found = found[key]
    found[place[-1]] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("words", "line", "place", "value", "fault"),
    [
        ("convert m.jsonl --to parquet -o o.x", 3, ["threads"], -(10**30), "threads: found -1000"),
        (
            "convert m.jsonl --to parquet -o o.x",
            2,
            ["shape", "batch"],
            2**64,
            "shape.batch: found 18446744073709551616",
        ),
        ("merge m.jsonl m.jsonl -o o.jsonl", 4, ["shape", "height"], [], "shape.height: found a list"),
        ("merge m.jsonl m.jsonl -o o.jsonl", 2, ["peak_fraction"], float("nan"), "peak_fraction: found nan"),
        ("compare m.jsonl --format markdown", 2, ["samples_s", 0], 1e308, "samples_s.0: found 1e+308"),
        ("compare m.jsonl --format csv", 5, ["shape", "count"], "float32", "shape.count: found 'float32'"),
        ("show m.jsonl --format json", 1, ["machine", "isa"], float("nan"), "machine.isa: found nan"),
        ("show m.jsonl --format json", 1, ["software", "blas"], -float("inf"), "software.blas: found -inf"),
        ("show m.jsonl", 2, ["median_s"], float("nan"), "median_s: found nan"),
        ("compare m.jsonl", 2, ["median_s"], 0.0, "median_s: found 0"),
        ("bundle m.jsonl -o o.zip", 2, ["shape", "k"], "a/b", "shape.k: found 'a/b'"),
        ("bundle m.jsonl -o o.zip", 3, ["shape", "n"], [576], "shape.n: found a list"),
        ("run --resume m.jsonl --dry-run", 1, ["options", "cache"], ["warm"], "options, cache: found a list"),
        ("run --resume m.jsonl --dry-run", 1, ["options", "shapes"], ["x"], "options, shapes: found a list"),
    ],
    ids=lambda value: "" if isinstance(value, list) else None,
)
def test_a_value_that_no_run_has(refused, words, line, place, value, fault):
    lines = samples.results()["m.jsonl"].splitlines()
    lines[line - 1] = changed(lines[line - 1], place, value)
    sentence = refused(words, m_jsonl=b"\n".join(lines))
    assert sentence.startswith(f"m.jsonl, line {line}, {fault}")


def test_a_roofline_of_a_row_without_its_network_is_drawn(command, tmp_path):
    lines = samples.results()["m.jsonl"].splitlines()
    lines[-2] = changed(lines[-2], ["network"], "")
    (tmp_path / "m.jsonl").write_bytes(b"\n".join(lines))
    assert command("plot", "m.jsonl", "--kind", "roofline", "-o", "o.svg").code == 0


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        (["benchmarks", 0], "{0}", "m.json, benchmarks.0: found '{0}', expected a mapping"),
        (["context"], [], "m.json, context: found a list, expected a mapping"),
    ],
    ids=["an entry", "the context"],
)
def test_benchmarks_of_another_shape(refused, place, value, fault):
    (content,) = samples.google_benchmarks().values()
    sentence = refused("convert m.json --from google-benchmark -o o.jsonl", m_json=changed(content, place, value))
    assert sentence.startswith(fault)


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("real_time", [None], "real_time: found a list"),
        ("iterations", -float("inf"), "iterations: found -inf"),
        ("threads", [], "threads: found a list"),
    ],
)
def test_benchmarks_with_a_wrong_value_are_left_out_with_a_word(command, tmp_path, key, value, fault):
    (content,) = samples.google_benchmarks().values()
    (tmp_path / "m.json").write_bytes(changed(content, ["benchmarks", 0, key], value))
    done = command("convert", "m.json", "--from", "google-benchmark", "-o", "o.jsonl")
    assert done.code == 0
    assert f"left out 1 (Gemm/3136/64/576): {fault}" in done.err


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (lambda lines: [lines[0]], "m.csv holds no row below its heading"),
        (lambda lines: [lines[0], lines[1] + b",1"], "m.csv, line 2: "),
        (
            lambda lines: [lines[0].replace(b"ci_low_s", b"ci_high_s"), *lines[1:]],
            "m.csv, line 1: two columns are named",
        ),
    ],
    ids=["no row", "a cell too many", "a column twice"],
)
def test_tables_that_are_none(refused, table, fault):
    lines = samples.tables()["m.csv"].splitlines()
    sentence = refused("convert m.csv --from csv -o o.jsonl", m_csv=b"\n".join(table(lines)) + b"\n")
    assert sentence.startswith(fault)


def test_an_imported_table_with_a_column_twice(refused):
    files = samples.imported_tables()
    table = files["t.csv"].replace(b"remark", b"platform")
    words = "run --platforms p.yaml --platform phone --shapes resnet18 --layer conv2_x -o o.jsonl"
    sentence = refused(words, t_csv=table, p_yaml=files["p.yaml"])
    assert sentence == "t.csv, line 1: two columns are named 'platform'; expected platform, network, layer, kernel, ms"


@pytest.mark.parametrize(
    "words", ["list --shapes m.yaml", "platforms --platforms m.yaml", "bundle m.jsonl --claims m.yaml -o o.zip"]
)
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2001-99-99: 1\n", ""),
        ("x: !!float x\n", "found 'x' with the tag !!float, which does not fit"),
        ("x: !!int _\n", "found '_' with the tag !!int, which does not fit"),
        ("x: !!bool x\n", "found 'x' with the tag !!bool, which does not fit"),
        ("x: 2001-12-14 21:59:43.10 -99\n", ""),
        ("x: 2002-12-31 23:59:60\n", ""),
    ],
    ids=["a date as a key", "float", "int", "bool", "a time zone", "a leap second"],
)
def test_yaml_that_another_parser_makes_more_of(refused, words, text, fault):
    sentence = refused(words, m_yaml=text, m_jsonl=samples.results()["m.jsonl"])
    assert sentence.startswith("m.yaml, line ")
    assert fault in sentence


def test_yaml_that_makes_more_of_itself(refused):
    assert "it holds more than 100000 values" in refused("list --shapes m.yaml", m_yaml=ALIASES)


@pytest.mark.parametrize(
    ("name", "fields", "fault"),
    [
        ("new", ["cpu", "triple=!!timestamp 2001-99-99"], "new.triple: unknown field"),
        ("new", ["cpu", "clock_ghz=!!int foo"], "clock_ghz is '!!int foo', which is no YAML value"),
        ("new", ["modelled", f"triple={DEEP}"], "triple is '[[["),
        ("*a", ["cpu", "threads=1"], "found '*a', expected a name"),
        ("new", ["cpu", "threads=0x" + "f" * 600], "new.threads: found '0xff"),
        ("new", ["modelled", "a b=&a {b: *a}"], "a b is '&a {b: *a}'"),
    ],
    ids=["a date", "a tag", "deep", "a name", "a large number", "an alias of itself"],
)
def test_entries_that_are_refused_whole(refused, name, fields, fault):
    kind, *more = fields
    words = ["platforms", "add", "--platforms", "p.yaml", "--", kind, name, *more]
    sentence = refused(words, p_yaml=samples.platforms()["m.yaml"])
    assert fault in sentence
    assert len(sentence) < 1000
