"""The gate: what is opened, how deep JSON may nest, what the types hold, and that every refusal is a sentence."""

import math
import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from fatnn_bench.errors import UserError, legible
from fatnn_bench.files import gate


def refusal(read, *arguments) -> str:
    with pytest.raises(UserError) as error:
        read(*arguments)
    return str(error.value)


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, what in ((tmp_path, "a folder"), (tmp_path / "pipe", "a pipe"), ("/dev/zero", "a device")):
        assert refusal(gate.content, path, "name a file").startswith(f"cannot read {path}: it is {what}")
    assert refusal(gate.content, tmp_path / "none", "name a file").endswith("No such file or directory; name a file")
    assert "no file can have that name" in refusal(gate.content, tmp_path / "a\0b", "name a file")
    assert "File name too long" in refusal(gate.content, tmp_path / ("x" * 300), "name a file")


def test_a_byte_order_mark_and_returns_are_dropped_and_no_more_is_read_than_may_be(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\n")
    assert gate.text(tmp_path / "a.txt", "") == "one\ntwo\n"
    assert "larger than 1 KiB" not in refusal(gate.content, tmp_path / "a.txt", "", 5)
    (tmp_path / "b.txt").write_bytes(b"\xff")
    assert "is not UTF-8 text" in refusal(gate.text, tmp_path / "b.txt", "name a text")


def test_json_nests_only_so_deep():
    def nested(levels: int) -> str:
        return "[" * levels + "]" * levels

    gate.parsed(nested(gate.MOST_DEPTH))
    gate.parsed('["' + "[" * 1000 + '"]')  # in a text
    for levels in (gate.MOST_DEPTH + 2, 150, 10**6):
        with pytest.raises(ValueError, match=r"deeper|recursion limit"):
            gate.parsed(nested(levels))


@given(st.floats() | st.integers() | st.text() | st.booleans() | st.none() | st.just(10**400))
def test_times_are_finite_numbers_that_can_be_squared_and_divided_by(value):
    times = TypeAdapter(gate.Seconds)
    if type(value) in (int, float) and 1e-18 <= value <= 1e9:
        time = gate.validated(times, value, "file", "mend it")
        assert 0 < time * time < math.inf
        assert math.isfinite(1 / time**2)
    else:
        said = refusal(gate.validated, times, value, "file", "mend it")
        assert said.startswith("file: found ")
        assert len(said) < 250


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"a": math.nan}, "line 1, a: found nan, expected a finite number; mend it"),
        ({"a": [1, {"b": 2**63}]}, "line 1, a.1.b: found 9223372036854775808, expected an integer of at most 64 bits"),
        ([], "line 1: found a list, expected a mapping of fields to values; mend it"),
    ],
)
def test_plain_json_can_be_counted_with(value, sentence):
    assert refusal(gate.validated, TypeAdapter(gate.Plain), value, "line 1", "mend it").startswith(sentence)


def test_ten_thousand_faults_are_one_sentence():
    series = TypeAdapter(gate.Series[gate.Seconds])
    assert refusal(gate.validated, series, ["x"] * 10_000, "file", "mend it") == (
        "file, 0: found 'x', expected a valid number; mend it"
    )
    assert "at most 10000 entries" in refusal(gate.validated, series, [1.0] * 10_001, "file", "mend it")


@given(st.text() | st.binary().map(lambda text: text.decode("latin1")))
def test_no_message_reaches_a_terminal_with_what_it_obeys(text):
    said = str(UserError(text * 100))
    assert not {unicodedata.category(char) for char in said if char != "\n"} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(said) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
    assert all(len(line) <= 500 for line in said.split("\n"))


def test_a_long_message_keeps_its_end():
    assert legible("found " + "x" * 9999 + "; name another file").endswith("x; name another file")
