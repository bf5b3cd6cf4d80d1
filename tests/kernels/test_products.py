import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import ALL_PRODUCTS, KINDS, SEEDS, assert_product, levels, on_numpy, operands

from fatnn_kernels import INT8, PRODUCTS, gemm

SIZES = st.integers(1, 200)
#: Lengths about the ends of words, and some that are worth another tile.
LENGTHS = SIZES | st.integers(30, 40).map(lambda words: 32 * words) | st.integers(1000, 1300)
#: Rows are a few counts, for a tile is compiled for each: one row, less than a tile, several tiles and a part of one.
ROWS = st.sampled_from([1, 4, 37])

every_product = pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS.keys())
every_variant = pytest.mark.parametrize("product", ALL_PRODUCTS.values(), ids=ALL_PRODUCTS.keys())


@every_product
@settings(max_examples=40)
@given(m=ROWS, n=SIZES, k=LENGTHS, kind=KINDS, seed=SEEDS)
def test_vectors_compute_what_the_oracle_computes(product, m, n, k, kind, seed):
    x, y = operands(product, m, n, k, kind, seed)
    assert_product(product, gemm(product, x, y), x, y)


@every_variant
@settings(max_examples=25)
@given(m=st.integers(1, 20), n=st.integers(1, 20), k=SIZES, kind=KINDS, seed=SEEDS)
def test_numpy_words_compute_what_the_oracle_computes(product, m, n, k, kind, seed):
    x, y = operands(product, m, n, k, kind, seed)
    assert_product(product, on_numpy(product, x, y), x, y)


@pytest.mark.parametrize("name", [name for name, product in PRODUCTS.items() if product.dtype == np.int32])
@settings(max_examples=20)
@given(m=ROWS, n=SIZES, k=LENGTHS, kind=KINDS, seed=SEEDS)
def test_one_step_serves_numpy_and_vectors(name, m, n, k, kind, seed):
    x, y = operands(PRODUCTS[name], m, n, k, kind, seed)
    np.testing.assert_array_equal(gemm(PRODUCTS[name], x, y), on_numpy(PRODUCTS[name], x, y))


@every_variant
def test_every_pair_of_values_is_multiplied_right(product):
    x, y = (levels(domain)[:, None] for domain in (product.x.domain, product.y.domain))
    assert_product(product, on_numpy(product, x, y), x, y)


@every_product
def test_every_pair_of_values_is_multiplied_right_by_vectors(product):
    x, y = (levels(domain)[:, None] for domain in (product.x.domain, product.y.domain))
    assert_product(product, gemm(product, x, y), x, y)


@every_product
@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "float16", "float32", "float64", ">i4", ">f4"])
def test_dtype_of_the_input_does_not_matter(product, dtype):
    if product.dtype == np.float32 and "i" in dtype:
        pytest.skip("the float32 product takes floats only")
    x, y = operands(product, 4, 20, 70)
    assert_product(product, gemm(product, x.astype(dtype), y.astype(dtype)), x.astype(dtype), y.astype(dtype))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64"])
def test_unsigned_input(dtype):
    x, y = operands(PRODUCTS["two-bit"], 4, 20, 70)
    assert_product(PRODUCTS["two-bit"], gemm(PRODUCTS["two-bit"], x.astype(dtype), y.astype(dtype)), x, y)


@every_product
@pytest.mark.parametrize(
    "layout",
    [
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: np.repeat(a, 3, axis=0)[::3],
        lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
        lambda a: np.lib.stride_tricks.as_strided(a, writeable=False),
    ],
    ids=["Fortran", "every second column", "every third row", "negative strides", "read-only"],
)
def test_memory_layout_of_the_input_does_not_matter(product, layout):
    x, y = operands(product, 4, 20, 70)
    np.testing.assert_array_equal(gemm(product, layout(x), layout(y)), gemm(product, x, y))


@every_product
def test_input_is_left_as_it_was(product):
    x, y = operands(product, 4, 20, 70)
    before = x.copy(), y.copy()
    gemm(product, x, y)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


@every_variant
def test_words_of_a_plane_hold_the_stated_number_of_values(product):
    for k in (1, 2, 31, 32, 33, 64):
        x, y = operands(product, 2, 3, k)
        for values, codec in ((x, product.x.codec), (y, product.y.codec)):
            words = -(-k // codec.values_per_word)
            assert codec.encode(values).shape == (codec.planes, len(values), words)


def test_the_largest_k_of_bitwise_products_is_at_least_2_to_the_24():
    assert all(product.max_k >= 2**24 for product in PRODUCTS.values() if product.precision != "int8")
    assert INT8.max_k * 128 * 128 <= np.iinfo(np.int32).max < (INT8.max_k + 1) * 128 * 128
