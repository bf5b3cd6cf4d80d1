"""A message is what protobuf reads of it, less what is dropped."""

import io

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx_files import model, node  # noqa: E402

from fatnn_bench.architectures.models.protobuf import DROPPED, skimmed  # noqa: E402

RAW_DATA = {7: {5: {9: DROPPED}}}  # of the initializers of a graph


def parsed(content, fields=RAW_DATA, most_bytes=2**20):
    return onnx.ModelProto.FromString(skimmed(io.BytesIO(content), len(content), fields, most_bytes))


def made(size):
    weights = {"w": np.ones((3, size), np.float32), "small": np.ones(3, np.float32)}
    return model([node("MatMul", "x", "w", name="m" * 5000)], {"x": ("batch", 3)}, weights)


@pytest.mark.parametrize("size", [1, 300, 400, 3000, 200_000])
def test_only_long_weights_are_dropped(size):
    expected = made(size)
    if 3 * 4 * size > 4096:
        expected.graph.initializer[0].ClearField("raw_data")
    assert parsed(made(size).SerializeToString()) == expected


def test_nothing_is_dropped_that_is_not_named():
    assert parsed(made(3000).SerializeToString(), {}) == made(3000)


def test_what_is_kept_has_a_bound():
    with pytest.raises(ValueError, match="it holds more than weights"):
        parsed(made(3000).SerializeToString(), {}, 30_000)


@pytest.mark.parametrize("cut", [1, 2, 5, 9])
def test_one_that_is_cut_off_is_refused(cut):
    content = made(3000).SerializeToString()[:-cut]  # it ends with com.example, a name of the last field
    with pytest.raises(ValueError, match="goes on behind the end of its message"):
        parsed(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x0b", "a field is of wire type 3"),
        (b"\x0f", "a field is of wire type 7"),
        (b"\xff" * 11, "a number has more than 10 bytes"),
        (b"\x0a" + b"\xff" * 9 + b"\x01", "goes on behind the end of its message"),
        (b"\x0a", "ends before its last field"),
    ],
)
def test_refuses(content, message):
    with pytest.raises(ValueError, match=message):
        skimmed(io.BytesIO(content), len(content), {}, 100)
