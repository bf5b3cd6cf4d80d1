import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import ALL_PRODUCTS, operands

from fatnn_kernels import BINARY, FLOAT32, INT8, PRODUCTS, TERNARY_FATNN, TERNARY_NAIVE, TWO_BIT, gemm, pack_operands
from fatnn_kernels.packing import pack
from fatnn_kernels.tile import Tile

every_product = pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS.keys())
#: Products whose tiles take a word of a row at a time; those by matrix tiles have tests of their own.
BY_WORD = [name for name, product in ALL_PRODUCTS.items() if product.way != "tiles"]
BITWISE = [product for product in PRODUCTS.values() if product.way == "popcount"]


def tile(product, rows=3, vectors=2, lanes=4):
    return Tile(product, rows, vectors, lanes, "words")


def ones(*shape, dtype=np.int8):
    return np.ones(shape, dtype)


def refusal(product, x, side="x"):
    with pytest.raises(ValueError) as refused:  # noqa: PT011, the tests compare the whole message
        pack(tile(product), side, x)
    return str(refused.value)


# layout


@pytest.mark.parametrize("name", BY_WORD)
@pytest.mark.parametrize("side", ["x", "y"])
def test_word_lies_at_tile_word_plane_lane(name, side):
    product = ALL_PRODUCTS[name]
    if side == "y" and product.way == "lookup":
        pytest.skip("codes lie in an order of their own")  # which tests/kernels/test_field_code.py counts out
    values = operands(product, 11, 11, 70)[side == "y"]
    words = product.operand(side).codec.encode(values)
    packed, width = pack(tile(product), side, values).words, 3 if side == "x" else 8
    for plane, row, word in np.ndindex(words.shape):
        assert packed[row // width, word, plane, row % width] == words[plane, row, word]


@pytest.mark.parametrize("name", BY_WORD)
@given(r=st.integers(1, 20), k=st.integers(1, 100), rows=st.integers(1, 7))
def test_packing_can_be_undone_and_fills_up_with_zeros(name, r, k, rows):
    product = ALL_PRODUCTS[name]
    values, _ = operands(product, r, 1, k)
    packed = pack(tile(product, rows), "x", values)
    flat = packed.words.transpose(2, 0, 3, 1).reshape(product.words("x"), -1, product.steps(k))
    np.testing.assert_array_equal(flat[:, :r], product.x.codec.encode(values))
    assert not flat[:, r:].any()
    assert (packed.count, packed.k) == (r, k)


@given(r=st.integers(1, 40), k=st.integers(1, 300))
def test_words_begin_with_a_cache_line(r, k):
    assert pack(tile(BINARY), "y", ones(r, k)).words.ctypes.data % 64 == 0


@pytest.mark.parametrize("product", BITWISE, ids=repr)
def test_bit_i_of_word_w_is_value_32w_plus_i_and_the_rest_is_zero(product):
    values, _ = operands(product, 1, 1, 70)
    for k in range(1, 71):
        bits = np.unpackbits(product.x.codec.encode(values[:, :k]).view(np.uint8), axis=2, bitorder="little")
        one_by_one = [product.x.codec.encode(values[:, i : i + 1])[:, 0, 0] for i in range(k)]
        np.testing.assert_array_equal(bits[:, 0, :k].T, one_by_one)
        assert not bits[:, 0, k:].any()


@every_product
def test_terms_are_filled_up_with_zeros(product):
    x, y = operands(product, 5, 11, 33)
    a, b = pack(tile(product), "x", x), pack(tile(product, vectors=4, lanes=4), "y", y)
    assert a.term.shape == (6,)
    assert b.term.shape == (16,)
    assert a.term.dtype == b.term.dtype == product.dtype
    assert not b.term[11:].any()


def test_nbytes_counts_the_words():
    assert pack(tile(BINARY), "x", ones(4, 33)).nbytes == 2 * 2 * 3 * 4  # two tiles of three rows, two words a row


# refusals


@pytest.mark.parametrize("dtype", [bool, complex, object, "U1", "S1", "m8[s]"])
@every_product
def test_dtype_that_holds_no_numbers_is_refused(product, dtype):
    values = np.zeros((2, 3), dtype)
    kinds = "floating-point numbers" if product is FLOAT32 else "integer or floating-point numbers"
    message = refusal(product, values)
    assert message == f"{product.name}: x has dtype {values.dtype}; expected {kinds}"


def test_float32_refuses_integers():
    assert refusal(FLOAT32, ones(2, 3)) == "float32: x has dtype int8; expected floating-point numbers"


@pytest.mark.parametrize("shape", [(), (3,), (1, 2, 3), (0, 3), (3, 0), (0, 0)])
@pytest.mark.parametrize("side", ["x", "y"])
def test_shape_that_is_no_matrix_is_refused(shape, side):
    message = refusal(BINARY, np.ones(shape), side)
    assert message == f"binary: {side} has shape {shape}; expected [rows, K] with both at least 1"


@pytest.mark.parametrize("values", [[[1, -1]], 1, None, "x"], ids=str)
def test_what_is_no_array_is_refused(values):
    message = refusal(BINARY, values)
    assert message == f"binary: x is a {type(values).__name__}; expected a NumPy array [rows, K]"
    with pytest.raises(ValueError, match=re.escape(message)):
        gemm(BINARY, values, ones(1, 2))


@every_product
def test_k_beyond_the_largest_is_refused(product):
    values = np.broadcast_to(np.ones(1, product.dtype), (1, product.max_k + 1))
    message = refusal(product, values)
    assert message.startswith(f"{product.name}: x has K = {product.max_k + 1}; ")
    assert message.endswith(f"K = {product.max_k}")


@pytest.mark.parametrize(
    ("product", "value", "domain"),
    [
        (BINARY, 0, "{-1, 1}"),
        (BINARY, 2, "{-1, 1}"),
        (TERNARY_FATNN, -2, "{-1, 0, 1}"),
        (TERNARY_NAIVE, 2, "{-1, 0, 1}"),
        (TWO_BIT, -1, "{0, 1, 2, 3}"),
        (TWO_BIT, 4, "{0, 1, 2, 3}"),
        (INT8, 128, "the whole numbers from -128 to 127"),
        (INT8, -129, "the whole numbers from -128 to 127"),
    ],
)
@pytest.mark.parametrize("side", ["x", "y"])
def test_value_outside_the_domain_is_named_with_its_index(product, value, domain, side):
    values = ones(5, 40, dtype=np.int16)
    values[3, 35:] = value
    message = refusal(product, values, side)
    assert message == f"{product.name}: {side}[3, 35] is {value}, outside the domain {domain}"


def test_sides_have_domains_of_their_own():
    zero = np.zeros((1, 1), np.int8)
    assert gemm(PRODUCTS["ternary-binary"], zero, ones(1, 1))[0, 0] == 0
    assert refusal(PRODUCTS["ternary-binary"], zero, "y").endswith("y[0, 0] is 0, outside the domain {-1, 1}")


@every_product
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(product, value):
    values = np.ones((2, 3))
    values[1, 2] = value
    assert refusal(product, values).startswith(f"{product.name}: x[1, 2] is {value}, outside the domain")


@pytest.mark.parametrize("product", [product for product in PRODUCTS.values() if product is not FLOAT32], ids=repr)
def test_fractions_are_refused(product):
    values = np.ones((2, 3), np.float32)
    values[1, 0] = 0.5
    assert refusal(product, values).startswith(f"{product.name}: x[1, 0] is 0.5, outside the domain")


def test_float64_that_no_float32_can_hold_is_refused():
    message = refusal(FLOAT32, np.array([[1.0, 1e39]]))
    assert message == "float32: x[0, 1] is 1e+39, outside the domain the finite float32 numbers"


def test_uint64_beyond_int64_is_refused():
    assert "x[0, 0] is 18446744073709551615" in refusal(TWO_BIT, np.array([[2**64 - 1]], np.uint64))


# packed operands


def test_packed_operands_are_kept():
    x, y = operands(BINARY, 4, 20, 70)
    a, b = pack_operands(BINARY, x, y)
    assert pack_operands(BINARY, a, b) == (a, b)
    np.testing.assert_array_equal(gemm(BINARY, a, b), gemm(BINARY, x, y))


@pytest.mark.parametrize("packed", ["x", "y"])
def test_one_packed_operand_is_enough(packed):
    x, y = operands(TERNARY_FATNN, 4, 20, 70)
    a, b = pack_operands(TERNARY_FATNN, x, y)
    got = gemm(TERNARY_FATNN, a, y) if packed == "x" else gemm(TERNARY_FATNN, x, b)
    np.testing.assert_array_equal(got, gemm(TERNARY_FATNN, x, y))


def test_operand_packed_for_another_product_is_refused():
    a, b = pack_operands(TERNARY_NAIVE, ones(2, 3), ones(4, 3))
    with pytest.raises(ValueError, match=r"^ternary-fatnn: x was packed as x of ternary-naive; pack it again$"):
        pack_operands(TERNARY_FATNN, a, b)
    with pytest.raises(ValueError, match=r"^ternary-fatnn: y was packed as y of ternary-naive; pack it again$"):
        pack_operands(TERNARY_FATNN, ones(2, 3), b)


def test_operand_packed_for_the_other_side_is_refused():
    a, b = pack_operands(BINARY, ones(2, 3), ones(4, 3))
    with pytest.raises(ValueError, match=r"^binary: x was packed as y of binary; pack it again$"):
        pack_operands(BINARY, b, a)


def test_operand_packed_for_another_tile_is_refused():
    a, b = (pack(tile(BINARY, vectors=v), side, ones(2, 3)) for v, side in ((1, "x"), (2, "y")))
    with pytest.raises(ValueError, match=r"^binary: y was packed for 8 columns a tile, not 4$"):
        pack_operands(BINARY, a, b)


def test_different_k_are_refused():
    with pytest.raises(ValueError, match=r"^binary: x has K = 3 and y has K = 4; expected the same K$"):
        gemm(BINARY, ones(2, 3), ones(2, 4))
