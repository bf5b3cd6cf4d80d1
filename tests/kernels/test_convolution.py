import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import KINDS, SEEDS, bounds_of, direct, draw

from fatnn_kernels import PRODUCTS, TERNARY_BINARY, TERNARY_FATNN
from fatnn_kernels.convolution import Convolution
from fatnn_kernels.geometry import Geometry
from fatnn_kernels.packing import pixel

NAMES = st.sampled_from(list(PRODUCTS))
BITWISE = st.sampled_from([name for name, product in PRODUCTS.items() if product.x.codec.levels])


@st.composite
def geometries(draw_one):
    """Any geometry, with channels on both sides of a word; outputs are so many that few tile shapes are compiled."""
    kernel, padding, stride = draw_one(st.integers(1, 4)), draw_one(st.integers(0, 3)), draw_one(st.integers(1, 3))
    side = st.sampled_from([kernel + (out - 1) * stride - 2 * padding for out in (7, 9, 12)]).filter(lambda n: n > 0)
    channels = st.sampled_from([1, 3, 31, 32, 33, 64, 70])
    return Geometry(
        draw_one(st.integers(1, 2)), draw_one(side), draw_one(side), draw_one(channels), draw_one(channels), kernel,
        stride, padding,
    )  # fmt: skip


def made(product, geometry, kind, seed):
    g = geometry
    image = np.random.default_rng(seed).standard_normal((g.batch, g.height, g.width, g.in_channels), dtype=np.float32)
    weights = draw(product.y.domain, (g.out_channels, g.kernel, g.kernel, g.in_channels), kind, seed)
    bounds, quantise = bounds_of(product)
    return Convolution(product, g, weights, bounds), image, direct(product, g, quantise(image), weights)


@settings(max_examples=50)
@given(name=NAMES, geometry=geometries(), kind=st.sampled_from(["any", "extreme"]), seed=SEEDS)
def test_a_layer_is_the_direct_convolution_of_quantised_values(name, geometry, kind, seed):
    if name == "float32":
        kind = "any"
    convolution, image, right = made(PRODUCTS[name], geometry, kind, seed)
    packed, c = convolution.empty_image(), convolution.empty_result()
    convolution.layer(image, packed, c)
    if name == "float32":
        np.testing.assert_allclose(convolution.result(c), right, atol=1e-3)
    else:
        np.testing.assert_array_equal(convolution.result(c), right)


@settings(max_examples=40)
@given(name=BITWISE, geometry=geometries(), padding=st.integers(0, 2), seed=SEEDS)
def test_fused_writes_the_next_packed_image(name, geometry, padding, seed):
    product, g = PRODUCTS[name], geometry
    convolution, image, sums = made(product, geometry, "any", seed)
    code = product.x.codec
    shape = (len(code.levels) - 1, g.out_channels)
    thresholds = np.sort(np.random.default_rng(seed).integers(-9, 10, shape), axis=0).astype(np.int32)
    packed = convolution.empty_image()
    convolution.quantise(image, packed)
    sides = (g.out_height + 2 * padding, g.out_width + 2 * padding)
    out = np.full((g.batch, *sides, *convolution.empty_next_image().shape[3:]), 0xDEADBEEF, np.uint32)
    inside = out[:, padding : padding + g.out_height, padding : padding + g.out_width]
    inside[:] = 0
    convolution.fused(packed, thresholds, out, padding)
    right = np.asarray(code.levels)[(sums[..., None] >= thresholds.T).sum(-1)]
    np.testing.assert_array_equal(code.decode(inside, g.out_channels), right)
    ones = np.bitwise_count(code.encode(right.reshape(-1, 1))).sum()  # those of the channels, and none beyond
    assert np.bitwise_count(inside).sum() == ones
    inside[:] = 0xDEADBEEF
    assert (out == 0xDEADBEEF).all()  # the border is the next layer's


@pytest.mark.parametrize("name", ["ternary-fatnn", "ternary-binary", "float32"])
def test_threads_and_loops_do_not_change_the_result(name):
    convolution, image, _ = made(PRODUCTS[name], Geometry(2, 9, 9, 33, 20, 3, 1, 1), "any", 3)
    packed, c, again = convolution.empty_image(), convolution.empty_result(), convolution.empty_result()
    convolution.layer(image, packed, c)
    convolution.layer(image, packed, again, loops=3, threads=2)
    np.testing.assert_array_equal(convolution.result(c), convolution.result(again))


@pytest.mark.parametrize(
    "geometry", [Geometry(1, 1, 1, 100, 33), Geometry(1, 4, 4, 32, 8, 4), Geometry(3, 1, 2, 64, 5)]
)
def test_a_handful_of_pixels(geometry):
    convolution, image, right = made(TERNARY_FATNN, geometry, "any", 2)
    packed, c = convolution.empty_image(), convolution.empty_result()
    convolution.layer(image, packed, c)
    np.testing.assert_array_equal(convolution.result(c), right)


def test_stages_make_the_layer():
    convolution, image, right = made(TERNARY_FATNN, Geometry(1, 6, 5, 40, 12, 3, 1, 1), "any", 4)
    packed, c = convolution.empty_image(), convolution.empty_result()
    convolution.quantise(image, packed)
    convolution.products(packed, c)
    np.testing.assert_array_equal(convolution.result(c), right)


def test_nan_and_infinity_become_the_lowest_and_outer_levels():
    weights = np.ones((1, 1, 1, 3), np.int8)
    image = np.float32([[[[np.nan, np.inf, -np.inf]]]])
    for product in (TERNARY_FATNN, PRODUCTS["int8"]):
        low, high = product.x.domain.low, product.x.domain.high
        convolution = Convolution(product, Geometry(1, 1, 1, 3, 1), weights, bounds_of(product)[0])
        packed, c = convolution.empty_image(), convolution.empty_result()
        convolution.layer(image, packed, c)
        assert convolution.result(c).item() == low + high + low


@given(kind=KINDS, seed=SEEDS, count=st.integers(1, 70))
def test_decode_is_the_inverse_of_a_code(kind, seed, count):
    for product in PRODUCTS.values():
        if product.dtype == np.int32:
            values = draw(product.x.domain, (5, count), kind, seed)
            code = product.x.codec
            pixels = np.stack([pixel(product, code.encode(row[None])).reshape(-1, code.planes) for row in values])
            np.testing.assert_array_equal(code.decode(pixels, count), values)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"kernel": 9}, "kernel of 9 is larger than the padded image of 6×6"),
        ({"stride": 0}, "stride is 0"),
        ({"padding": -1}, "padding is -1"),
        ({"batch": 0}, "batch is 0"),
    ],
)
def test_impossible_geometry_is_refused(sizes, message):
    possible = {"batch": 1, "height": 4, "width": 4, "in_channels": 3, "out_channels": 5, "padding": 1}
    with pytest.raises(ValueError, match=message):
        Geometry(**possible | sizes)


def test_operands_that_do_not_fit_are_refused():
    g = Geometry(1, 4, 4, 3, 5)
    weights = np.zeros((5, 1, 1, 3), np.int8)
    with pytest.raises(ValueError, match=r"weights have shape \(5, 3\)"):
        Convolution(TERNARY_FATNN, g, weights[:, 0, 0], [-0.5, 0.5])
    with pytest.raises(ValueError, match="outside the domain"):
        Convolution(TERNARY_FATNN, g, weights + 2, [-0.5, 0.5])
    with pytest.raises(ValueError, match="expected 2 finite numbers, ascending"):
        Convolution(TERNARY_FATNN, g, weights, [0.5, -0.5])
    convolution = Convolution(TERNARY_FATNN, g, weights, [-0.5, 0.5])
    packed, c = convolution.empty_image(), convolution.empty_result()
    with pytest.raises(ValueError, match="expected contiguous float32 of shape"):
        convolution.layer(np.zeros((1, 4, 4, 3)), packed, c)
    with pytest.raises(ValueError, match="thresholds, a row a level, is int32 of shape"):
        convolution.fused(packed, np.zeros((1, 5), np.int32), np.zeros((1, 4, 4, 1, 2), np.uint32))
    with pytest.raises(ValueError, match="the packed result is uint32 of shape"):
        convolution.fused(packed, np.zeros((2, 5), np.int32), np.zeros((1, 4, 4, 2, 2), np.uint32))


def test_window_counts_are_what_ternary_binary_adds():
    convolution, image, right = made(TERNARY_BINARY, Geometry(1, 5, 7, 64, 9, 3, 2, 1), "any", 11)
    packed, c = convolution.empty_image(), convolution.empty_result()
    convolution.layer(image, packed, c)
    np.testing.assert_array_equal(convolution.result(c), right)
