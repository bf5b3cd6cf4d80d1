"""A layer's arithmetic against counting every multiplication, and every refusal."""

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fatnn_bench.workload.layers import Layer, bare_gemm


def conv(**changed):
    sizes = {"name": "c", "kind": "conv", "in_channels": 4, "out_channels": 6, "height": 5, "width": 7, "kernel": 3}
    return Layer(**(sizes | changed))


def counted_outputs(size: int, kernel: int, stride: int, padding: int) -> int:
    """Slide the kernel over a padded line and count where it fits."""
    return sum(1 for start in range(0, size + 2 * padding, stride) if start + kernel <= size + 2 * padding)


@given(
    height=st.integers(1, 12), width=st.integers(1, 12), kernel=st.integers(1, 5), stride=st.integers(1, 4),
    padding=st.integers(0, 3), groups=st.integers(1, 3), fans=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    batch=st.integers(1, 2),
)  # fmt: skip
def test_a_convolution_is_its_gemm(height, width, kernel, stride, padding, groups, fans, batch):
    assume(kernel <= min(height, width) + 2 * padding)
    layer = conv(
        batch=batch, height=height, width=width, kernel=kernel, stride=stride, padding=padding, groups=groups,
        in_channels=groups * fans[0], out_channels=groups * fans[1],
    )  # fmt: skip
    outputs = [counted_outputs(size, kernel, stride, padding) for size in (height, width)]
    taps = itertools.product(range(batch), *map(range, outputs), range(groups * fans[1]), range(kernel), range(kernel))
    assert [layer.out_height, layer.out_width] == outputs
    assert layer.macs == sum(fans[0] for _ in taps)
    assert layer.macs == layer.m * layer.n * layer.k


def test_a_linear_layer_is_its_gemm():
    layer = Layer(name="fc", kind="linear", in_channels=512, out_channels=1000, batch=8)
    assert (layer.m, layer.n, layer.k) == (8, 1000, 512)


def test_full_names():
    assert conv(network="net").full_name == "net.c"
    assert bare_gemm(196, 256, 2304).full_name == "196x256x2304"
    assert (bare_gemm(1, 2, 3).m, bare_gemm(1, 2, 3).n, bare_gemm(1, 2, 3).k) == (1, 2, 3)


def test_only_grouped_convolutions_are_skipped():
    assert conv().skip_reason == ""
    assert conv(groups=2).skip_reason.startswith("grouped convolution: 2 groups make 2 small products of 15×3×18")


def test_json_tells_of_a_window_what_few_have_and_only_then():
    odd = conv(kernel_width=1, dilation=2, padding=2, padding_right=0)
    assert Layer.from_json(odd.to_json()) == odd
    assert odd.to_json()["kernel_width"] == 1
    assert set(conv().to_json()).isdisjoint({"dilation", "kernel_width", "padding_right"})


def test_json_round_trip_ignores_what_it_does_not_know():
    layer = conv(network="net", padding=1, count=3)
    assert layer.to_json()["k"] == 36
    assert Layer.from_json(layer.to_json() | {"colour": "red"}) == layer


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kernel": 8, "padding": 1}, "the kernel of 8 is larger than the padded image, whose height is 7"),
        ({"stride": 0}, "layer c: stride is 0, expected at least 1"),
        ({"batch": 0}, "batch is 0, expected at least 1"),
        ({"padding": -1}, "padding is -1, expected at least 0"),
        ({"groups": 4}, "groups is 4, which does not divide both in_channels 4 and out_channels 6"),
        ({"kind": "pool"}, "kind is 'pool', expected conv, linear, gemm, network"),
        ({"kind": "linear"}, "a linear layer has no image, kernel, padding or groups"),
        ({"network": "net", "count": 0}, r"layer net\.c: count is 0"),
    ],
)
def test_refuses(changed, message):
    with pytest.raises(ValueError, match=message):
        conv(**changed)
