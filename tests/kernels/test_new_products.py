"""A new product is one file and one line: two that are not shipped, and what a product may not be."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import KINDS, SEEDS, assert_product, levels, on_numpy, operands
from ternary_int8 import TERNARY_INT8
from ternary_planes import TERNARY_PLANES
from test_convolution import made

from fatnn_bench.contenders.catalog import contenders
from fatnn_kernels import BINARY, PRODUCTS, TWO_BIT, gemm
from fatnn_kernels.geometry import Geometry
from fatnn_kernels.limit import RegisterLoop, limit_tile
from fatnn_kernels.operations import popcount
from fatnn_kernels.product import length_term

NEW = (TERNARY_PLANES, TERNARY_INT8)
new = pytest.mark.parametrize("product", NEW, ids=repr)


@new
@settings(max_examples=20)
@given(m=st.sampled_from([1, 11]), n=st.integers(1, 70), k=st.integers(1, 300), kind=KINDS, seed=SEEDS)
def test_it_runs_on_numpy_and_on_vectors(product, m, n, k, kind, seed):
    x, y = operands(product, m, n, k, kind, seed)
    assert_product(product, on_numpy(product, x, y), x, y)
    assert_product(product, gemm(product, x, y), x, y)


@new
def test_every_pair_of_values_is_multiplied_right(product):
    x, y = (levels(domain)[:, None] for domain in (product.x.domain, product.y.domain))
    assert_product(product, on_numpy(product, x, y), x, y)


@new
@pytest.mark.parametrize("channels", [3, 16, 17, 64])
def test_it_convolves(product, channels):
    convolution, image, right = made(product, Geometry(2, 6, 5, channels, 20, 3, 1, 1), "any", channels)
    c = convolution.empty_result()
    convolution.layer(image, convolution.empty_image(), c)
    np.testing.assert_array_equal(convolution.result(c), right)


@new
def test_it_has_a_limit(product):
    loop = RegisterLoop(limit_tile(product))
    loop.run(1)
    assert loop.macs % (loop._c.size * product.values_per_step) == 0


@new
def test_it_is_measured_once_it_is_registered(product, monkeypatch):
    monkeypatch.setitem(PRODUCTS, product.name, product)
    assert contenders("kernel")[product.name].x_domain is product.x.domain
    assert (product.name in contenders("packed")) == bool(product.x.codec.levels)


def test_more_popcounts_than_a_byte_holds_are_refused():
    with pytest.raises(
        ValueError, match=r"^binary-32: a step adds 32 popcounts to an accumulator; expected at most 31$"
    ):
        replace(BINARY, name="binary-32", step=lambda acc, x, y: (sum([popcount(x[0])] * 32, acc[0]),))


def test_what_bits_cannot_tell_is_no_term_of_x():
    with pytest.raises(ValueError, match=r"^two-bit: x has a term; expected what its bits add, per_bit$"):
        replace(TWO_BIT, x=replace(TWO_BIT.x, term=length_term))
