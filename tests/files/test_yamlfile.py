"""The YAML loader: what it refuses, and the line it names; the lines expected were counted by hand."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, PositiveInt, TypeAdapter

from fatnn_bench.errors import UserError
from fatnn_bench.files.gate import Name
from fatnn_bench.files.yamlfile import Entry, closest, load


class Circle(Entry):
    kind: Literal["circle"]
    radius: PositiveInt


class Square(Entry):
    kind: Literal["square"]
    side: PositiveInt = 1


SHAPES = TypeAdapter(dict[Name, list[Annotated[Circle | Square, Field(discriminator="kind")]]])


@pytest.fixture
def refusal_of(tmp_path: Path):
    def refuse(text: str) -> str:
        path = tmp_path / "shapes.yaml"
        path.write_text(text)
        with pytest.raises(UserError) as error:
            load(path, SHAPES)
        return str(error.value).replace(str(path), "shapes.yaml")

    return refuse


def test_loads(tmp_path):
    path = tmp_path / "shapes.yaml"
    path.write_text("round:\n  - &a {kind: circle, radius: 2}\nboth:\n  - *a\n  - {kind: square}\n")
    assert load(path, SHAPES)["both"] == [Circle(kind="circle", radius=2), Square(kind="square")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "shapes.yaml, line 1, document: found nothing, expected a mapping of fields to values"),
        (
            "a:\n  - {kind: square}\n  - {kind: cube}",
            "line 3, a.1.kind: found 'cube', expected one of 'circle', 'square'",
        ),
        ("a:\n  - {side: 1}", "line 2, a.0.kind: this field is missing"),
        ("a:\n  - {kind: circle}", "line 2, a.0.radius: this field is missing; add it"),
        ("a:\n  - kind: square\n\n    side: 0", "line 4, a.0.side: found 0, expected greater than 0"),
        ("a:\n  - kind: square\n    side: '1'", "line 3, a.0.side: found '1', expected a valid integer"),
        (
            "a:\n  - kind: square\n    sied: 1",
            "line 3, a.0.sied: unknown field; did you mean 'side'? Accepted: kind, side",
        ),
        ("a:\n  - 3", "line 2, a.0: found 3, expected a mapping of fields to values"),
        ("ok: []\na b: []", "line 2, a b: found 'a b', expected a name of letters, digits, '.', '_' and '-'"),
        ("a: []\nb: []\na: []", "line 3: found duplicate key"),
        ("a: [1", "shapes.yaml, line 1: while parsing a flow sequence"),
    ],
)
def test_refuses_by_line_and_field(refusal_of, text, message):
    assert message in refusal_of(text)


def test_constructs_no_objects(refusal_of, tmp_path):
    touch = f"!!python/object/apply:os.mkdir ['{tmp_path / 'made'}']"
    assert "line 1, a.0: found " in refusal_of(f"a: {touch}")
    assert not (tmp_path / "made").exists()


def test_names_every_fault_on_a_line_of_its_own(refusal_of):
    assert len(refusal_of("a:\n  - {kind: circle, radius: 0}\n  - {kind: square, side: x}").splitlines()) == 2


def test_finds_the_line_of_a_merged_mapping(refusal_of):
    text = "a:\n  - &c {kind: circle, radius: 0}\nb:\n  -\n    <<: *c\n"
    assert "line 2, a.0.radius" in refusal_of(text)
    assert "b.0.radius: found 0" in refusal_of(text)


def test_refuses_what_it_cannot_read(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*none\.yaml: No such file"):
        load(tmp_path / "none.yaml", SHAPES)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        load(tmp_path / "binary.yaml", SHAPES)
    (tmp_path / "control.yaml").write_bytes(b"a: \x01")
    with pytest.raises(UserError, match="is not YAML"):
        load(tmp_path / "control.yaml", SHAPES)


def test_closest_lists_all_where_none_is_near():
    assert closest("zzz", ["kernel", "stride"]) == ". Accepted: kernel, stride"
