"""What is kept of a model: shapes once, under names that are names, and all else counted."""

import pytest

from fatnn_bench.architectures.models.found import Kept, layer_name, together
from fatnn_bench.errors import UserError
from fatnn_bench.workload.layers import Layer


def linear(name, out=4, count=1):
    return Layer(name=name, kind="linear", in_channels=3, out_channels=out, count=count)


def kept(*layers):
    found = Kept("m.x", "nodes", total=len(layers) + 2)
    for layer in layers:
        found.keep("MatMul", layer)
    return found


def test_equal_layers_are_one_with_a_count_under_the_first_name():
    found = together("net", kept(linear("a"), linear("b", 5), linear("c"), linear("d", count=3)))
    assert [(layer.full_name, layer.count) for layer in found.layers] == [("net.a", 5), ("net.b", 1)]
    assert found.members == {"a": ("a", "c", "d"), "b": ("b",)}


def test_one_name_of_two_shapes_becomes_two_names():
    found = together("net", kept(linear("a"), linear("a", 5), linear("a", 6)))
    assert [layer.name for layer in found.layers] == ["a", "a-2", "a-3"]


def test_all_else_is_counted():
    found = kept(linear("a"))
    found.left_out["Einsum"] += 1
    assert found.summary == "3 nodes: 1 MatMul; left out: 1 Einsum; the rest takes no product"
    found.total = 2
    assert found.summary == "2 nodes: 1 MatMul; left out: 1 Einsum"


def test_refuses_what_has_no_layer_or_too_many():
    with pytest.raises(UserError, match=r"m\.x holds no layer that can be run: 2 nodes: no layer; the rest"):
        together("net", kept())
    with pytest.raises(UserError, match="holds 2001 shapes, expected at most 2000"):
        together("net", kept(*(linear("a", out) for out in range(1, 2002))))
    with pytest.raises(UserError, match="count is 4294967294, expected at most 2147483647"):
        together("net", kept(*[linear("a", count=2**31 - 1)] * 2))


@pytest.mark.parametrize(
    ("text", "name"),
    [("/a/b:0", "a_b_0"), ("layer.1", "layer.1"), ("--", "layer"), ("é" * 5, "layer"), ("x" * 300, "x" * 80)],
)
def test_names(text, name):
    assert layer_name(text) == name
