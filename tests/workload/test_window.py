"""Windows against sliding a kernel over an image and looking where its taps lie."""

import itertools

from hypothesis import assume, given
from hypothesis import strategies as st

from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer
from fatnn_bench.workload.window import Window

sizes = st.tuples(st.integers(1, 3), st.integers(1, 3))
windows = st.builds(Window, sizes, sizes, st.tuples(*[st.integers(0, 2)] * 4), sizes)
images = st.tuples(st.integers(1, 9), st.integers(1, 9))


def places(size, kernel, stride, before, after, dilation):
    """Where on a line the first tap can lie, so that the last is still on the padded line."""
    taps = [tap * dilation for tap in range(kernel)]
    return [at for at in range(-before, size + after, stride) if at + max(taps) < size + after]


def counted(window, image):
    top, left, bottom, right = window.padding
    sides = zip(image, window.kernel, window.stride, (top, left), (bottom, right), window.dilation, strict=True)
    return tuple(len(places(*side)) for side in sides)


def layer_of(window, image):
    return Layer(
        name="c", kind="conv", in_channels=2, out_channels=3, height=image[0], width=image[1], **window.sizes
    )  # fmt: skip


@given(window=windows, image=images)
def test_outputs_are_the_places_where_the_kernel_fits(window, image):
    assume(all(counted(window, image)))
    layer = layer_of(window, image)
    assert window.outputs(*image) == (layer.out_height, layer.out_width) == counted(window, image)
    taps = itertools.product(range(layer.out_height), range(layer.out_width), *map(range, window.kernel))
    assert layer.macs == sum(2 * 3 for _ in taps)


@given(window=windows, image=images)
def test_a_layer_tells_the_window_it_was_made_of_and_nothing_twice(window, image):
    assume(all(counted(window, image)))
    layer = layer_of(window, image)
    assert layer.window == window
    assert not window.irregularity or set(window.sizes) > {"kernel", "stride", "padding"} or window.dilation != (1, 1)


def test_what_is_irregular_is_named():
    assert Window((3, 3), (2, 2), (1, 1, 1, 1)).irregularity == ""
    assert Window((1, 7)).irregularity == "a kernel of 1×7"
    odd = Window((3, 3), (1, 2), (0, 0, 1, 1), (2, 2)).irregularity
    assert odd == "a stride of 1×2 and a dilation of 2×2 and padding of 0, 0, 1, 1 (top, left, bottom, right)"


def test_scope_kernel_runs_what_the_others_skip():
    layer = layer_of(Window((1, 7)), (9, 9))
    assert Case("binary", layer, "kernel", 1).skip_reason == ""
    for scope in ("layer", "packed"):
        assert "a kernel of 1×7: scope" in Case("binary", layer, scope, 1).skip_reason
    grouped = Layer(name="g", kind="conv", in_channels=4, out_channels=4, height=9, width=9, groups=2)
    assert "2 groups" in Case("binary", grouped, "kernel", 1).skip_reason
