import json
from dataclasses import asdict

import pytest
from limits import MACHINE, make_limits

from fatnn_bench.errors import UserError
from fatnn_bench.limits import measured
from fatnn_bench.printing import render
from fatnn_bench.printing.formats import Format


def test_its_json_is_the_record_that_is_read(tmp_path):
    path = tmp_path / "peak.json"
    render.write(measured.document(make_limits()), Format.JSON, path)
    assert measured.read(path) == make_limits()


def test_the_table_has_all_limits_with_units():
    text = render.as_text(measured.document(make_limits()), Format.TABLE)
    assert "Test & Co 9000 (zen4)" in text
    assert [line.split() for line in text.splitlines() if line.startswith(("binary", "L1", "memory"))] == [
        ["binary", "6x4", "1200", "0.5%"],
        ["L1", "16", "KiB", "300", "1.0%"],
        ["memory", "128", "MiB", "20.0", "1.0%"],
    ]
    assert "Something else ran" not in text


def test_csv_has_a_line_a_limit():
    lines = render.as_text(measured.document(make_limits()), Format.CSV).splitlines()
    assert lines[0] == "name,of,rate,unit,ci_low,ci_high"
    assert lines[-1] == "memory,128 MiB,20.0,GB/s,19.8,20.2"


def test_a_disturbed_limit_is_named():
    text = render.as_text(measured.document(make_limits(spread=0.2)), Format.TABLE)
    assert "Something else ran here, so that a limit may be higher: float32\n" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot read .*p.json: No such file"),
        (
            "{",
            r"p.json is not a record of limits: it is not JSON .*; `fatnn-bench peak",
        ),
        ("[]", r'it has no "kind": "peak"'),
        (json.dumps({"kind": "header"}), r'it has no "kind": "peak"'),
        (json.dumps({"kind": "peak", "schema": 2}), r"has schema 2, this fatnn-bench reads up to 1; upgrade"),
        (
            json.dumps(asdict(make_limits()) | {"bandwidths": [{"level": "L1"}]}),
            r"buffer_bytes: this field is missing",
        ),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "p.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=message):
        measured.read(path)


def test_limits_of_another_machine():
    assert measured.of_other_machine(make_limits(), MACHINE | {"load_average": [3.0]}) == ""
    assert measured.of_other_machine(make_limits(), MACHINE | {"cpu": "Z80"}) == "cpu Test & Co 9000 and not Z80"


def test_an_answer_becomes_a_record():
    answer = {name: value for name, value in asdict(make_limits()).items() if name not in ("created", "platform")}
    record = measured.record(answer, "mine")
    assert (record.platform, record.bandwidths) == ("mine", make_limits().bandwidths)
