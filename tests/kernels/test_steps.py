"""The steps of a network, each against its definition in NumPy."""

import numpy as np
import pytest
from oracle import bounds_of, direct, draw

from fatnn_kernels import INT8, PRODUCTS, steps
from fatnn_kernels.convolution import Convolution
from fatnn_kernels.geometry import Geometry

GEOMETRY = Geometry(2, 9, 7, 40, 32, kernel=3, stride=2, padding=1)
OUT = (2, 5, 4, 32)


def ready(name, constant=None):
    """A convolution with a packed image, and its sums by definition."""
    product, g = PRODUCTS[name], GEOMETRY
    image = np.random.default_rng(1).standard_normal((g.batch, g.height, g.width, g.in_channels), dtype=np.float32)
    weights = draw(product.y.domain, (g.out_channels, g.kernel, g.kernel, g.in_channels), "random", 2)
    bounds, quantise = bounds_of(product)
    convolution = Convolution(product, g, weights, bounds, constant)
    packed = convolution.empty_image()
    steps.quantise(convolution, image, packed, threads=1)(1)
    return convolution, packed, direct(product, g, quantise(image), weights)


@pytest.mark.parametrize("name", ["ternary-fatnn", "ternary-gated-xnor", "binary", "two-bit"])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
def test_activations_round_as_numpy_does(name, relu, skips, threads):
    rng = np.random.default_rng(3)
    constant = rng.integers(-50, 50, 32).astype(np.int32)
    convolution, packed, sums = ready(name, constant)
    affine = rng.normal(0, 1, (3, 32)).astype(np.float32)
    skip = rng.normal(0, 1, OUT).astype(np.float32) if skips else None
    out = np.full(OUT, np.nan, np.float32)
    steps.activations(convolution, packed, affine, skip, relu, out, threads)(2)
    expected = (sums + constant).astype(np.float32) * affine[0] * affine[1] + affine[2]
    expected = expected + skip if skips else expected
    np.testing.assert_array_equal(out, np.maximum(expected, 0) if relu else expected)


def test_levels_go_into_the_next_image():
    convolution, packed, sums = ready("ternary-fatnn")
    thresholds = np.stack([np.full(32, -2), np.full(32, 5)]).astype(np.int32)
    out = np.zeros((2, 7, 6, 1, 2), np.uint32)
    steps.levels(convolution, packed, thresholds, out, padding=1, threads=1)(1)
    code = convolution.product.x.codec
    np.testing.assert_array_equal(
        code.decode(out[:, 1:-1, 1:-1], 32), (sums >= -2).astype(int) + (sums >= 5).astype(int) - 1
    )
    assert not out[:, 0].any()


def test_pixels_of_any_memory_order_make_an_int8_convolution():
    rng = np.random.default_rng(0)
    g = Geometry(2, 6, 5, 3, 16, kernel=3, padding=1)
    image = rng.integers(0, 256, (2, 3, 6, 5), np.uint8).transpose(0, 2, 3, 1)
    weights = rng.integers(-127, 128, (16, 3, 3, 3), np.int8)
    convolution = Convolution(INT8, g, weights, [1.0], 128 * weights.sum(axis=(1, 2, 3), dtype=np.int32))
    packed, c = convolution.empty_image(-128), convolution.empty_result()
    steps.pixels(convolution, image, packed)(1)
    convolution.products(packed, c)
    np.testing.assert_array_equal(convolution.result(c), direct(INT8, g, image.astype(np.int64), weights))


@pytest.mark.parametrize(("size", "stride", "padding"), [(3, 2, 1), (2, 2, 0), (3, 1, 1)])
def test_pooling(size, stride, padding):
    image = np.random.default_rng(0).normal(-5, 1, (2, 7, 6, 20)).astype(np.float32)
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding), (0, 0)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    out = np.empty(windows.shape[:4], np.float32)
    steps.pooled(image, out, size, stride, padding)(1)
    np.testing.assert_array_equal(out, windows.max(axis=(-2, -1)))


@pytest.mark.parametrize("name", ["ternary-fatnn", "ternary-gated-xnor", "binary", "two-bit"])
@pytest.mark.parametrize(("size", "stride", "padding"), [(2, 2, 0), (3, 2, 1)])
def test_pooling_of_levels_in_bit_planes(name, size, stride, padding):
    code, rng = PRODUCTS[name].x.codec, np.random.default_rng(0)
    levels = rng.choice(np.asarray(code.levels, np.int8), (2, 7, 6, 40))
    image = np.ascontiguousarray(np.moveaxis(code.encode(levels.reshape(-1, 40)).reshape(-1, 2, 7, 6, 2), 0, -1))
    padded = np.pad(levels, ((0, 0), (padding, padding), (padding, padding), (0, 0)), constant_values=-9)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    expected = windows.max(axis=(-2, -1))
    out = np.full((2, expected.shape[1] + 2, expected.shape[2] + 2, 2, image.shape[-1]), 7, np.uint32)
    steps.pooled_levels(code, image, out, size, stride, padding, out_padding=1)(2)
    np.testing.assert_array_equal(code.decode(out[:, 1:-1, 1:-1], 40), expected)
    assert (out[:, 0] == 7).all()


def test_what_a_bit_adds_to_the_sums_of_its_window():
    product, g = PRODUCTS["two-bit"], GEOMETRY
    image = np.random.default_rng(1).standard_normal((g.batch, g.height, g.width, g.in_channels), dtype=np.float32)
    weights = draw(product.y.domain, (g.out_channels, g.kernel, g.kernel, g.in_channels), "random", 2)
    bounds, quantise = bounds_of(product)
    convolution = Convolution(product, g, weights, bounds, per_bit=[-2, -4])
    packed, c = convolution.empty_image(), convolution.empty_result()
    convolution.layer(image, packed, c)
    expected = direct(product, g, quantise(image), weights.astype(np.int64) - 2)
    np.testing.assert_array_equal(convolution.result(c), expected)


def test_classifier():
    rng = np.random.default_rng(0)
    image, weights = rng.normal(size=(3, 4, 4, 24)).astype(np.float32), rng.normal(size=(10, 24)).astype(np.float32)
    bias, logits = rng.normal(size=10).astype(np.float32), np.empty((3, 10), np.float32)
    steps.classified(image, weights, bias, logits)(1)
    expected = image.mean(axis=(1, 2), dtype=np.float64) @ weights.T.astype(np.float64) + bias
    np.testing.assert_allclose(logits, expected, rtol=1e-6)


def test_shapes_that_do_not_fit_are_named():
    convolution, packed, _ = ready("ternary-fatnn")
    out = np.empty(OUT, np.float32)
    with pytest.raises(
        ValueError, match=r"affine is float32 of shape \(3, 31\); expected contiguous float32 of shape \(3, 32\)"
    ):
        steps.activations(convolution, packed, np.ones((3, 31), np.float32), None, True, out, 1)
    with pytest.raises(ValueError, match="skip is float32"):
        steps.activations(convolution, packed, np.ones((3, 32), np.float32), out[:1], True, out, 1)
