from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fatnn_kernels import TERNARY_FATNN, gemm
from fatnn_kernels.interleaved import (
    encode_w,
    encode_x,
    inner_product,
    stored_weights,
    ternary_multiply,
    ternary_multiply_stored,
    zero_mask,
)

TRIT = {0b00: -1, 0b01: 0, 0b10: 0, 0b11: 1}
CODE_PAIRS = list(product(TRIT, TRIT))
ZERO_CODES = st.sampled_from([0b01, 0b10])
TRITS = hnp.arrays(np.int8, st.tuples(st.just(2), st.integers(1, 200)), elements=st.integers(-1, 1))


def in_every_field(code):
    """The code of one trit, in all sixteen fields of a word."""
    return np.array([code * 0x5555_5555], np.uint32)


def test_truth_table_has_a_row_for_every_pair_of_codes():
    assert len(CODE_PAIRS) == 16
    assert {(TRIT[x], TRIT[w]) for x, w in CODE_PAIRS} == set(product((-1, 0, 1), repeat=2))


@pytest.mark.parametrize(("x", "w"), CODE_PAIRS)
def test_ternary_multiply_counts_the_product_plus_one_in_every_field(x, w):
    tm = ternary_multiply(in_every_field(x), in_every_field(w))
    fields = (tm[0] >> np.arange(0, 32, 2, dtype=np.uint32)) & 3
    np.testing.assert_array_equal(np.bitwise_count(fields), TRIT[x] * TRIT[w] + 1)


@pytest.mark.parametrize(("x", "w"), CODE_PAIRS)
def test_stored_weights_count_the_same(x, w):
    tm = ternary_multiply_stored(in_every_field(x), *stored_weights(in_every_field(w)))
    fields = (tm[0] >> np.arange(0, 32, 2, dtype=np.uint32)) & 3
    np.testing.assert_array_equal(np.bitwise_count(fields), TRIT[x] * TRIT[w] + 1)


@pytest.mark.parametrize(("x", "w"), CODE_PAIRS)
def test_compiled_kernel_knows_every_pair_of_codes(x, w):
    assert inner_product(in_every_field(x), in_every_field(w), 16) == 16 * TRIT[x] * TRIT[w]


def test_plain_xnor_fails_exactly_where_both_are_zero():
    """The reason for m; with one code for zero, XNOR would count 0·0 as 1."""
    one_zero = [(x, w) for x, w in CODE_PAIRS if 0b10 not in (x, w)]
    wrong = [(x, w) for x, w in one_zero if (~(x ^ w) & 3).bit_count() != TRIT[x] * TRIT[w] + 1]
    assert wrong == [(0b01, 0b01)]


@pytest.mark.parametrize("code", TRIT)
def test_zero_mask_is_set_where_the_weight_is_zero(code):
    assert zero_mask(in_every_field(code))[0] == (0xFFFF_FFFF if TRIT[code] == 0 else 0)


@given(TRITS, ZERO_CODES, ZERO_CODES)
def test_words_mean_what_the_table_says(trits, zero_x, zero_w):
    for words, fill in ((encode_x(trits, zero_x), -1), (encode_w(trits, zero_w), 1)):
        fields = [[TRIT[int(word) >> 2 * i & 3] for word in row for i in range(16)] for row in words]
        k = trits.shape[1]
        assert words.shape == (2, -(-k // 16))
        np.testing.assert_array_equal(np.array(fields)[:, :k], trits)
        assert (np.array(fields)[:, k:] == fill).all()


@given(TRITS, ZERO_CODES, ZERO_CODES)
def test_inner_product_is_the_oracle_s_and_the_planar_one_s(trits, zero_x, zero_w):
    x, w = trits
    got = inner_product(encode_x(x, zero_x), encode_w(w, zero_w), len(x))
    assert got == x.astype(np.int64) @ w
    assert got == gemm(TERNARY_FATNN, x[None], w[None])[0, 0]


@given(TRITS)
def test_simplified_form_gives_the_same_words_count(trits):
    x, w = encode_x(trits[0]), encode_w(trits[1])
    simplified = ternary_multiply_stored(x, *stored_weights(w))
    np.testing.assert_array_equal(np.bitwise_count(simplified), np.bitwise_count(ternary_multiply(x, w)))


def test_codes_of_zero_never_matter():
    zeros = np.zeros(37, np.int8)
    for codes in product((0b01, 0b10), repeat=2):
        assert inner_product(encode_x(zeros, codes[0]), encode_w(zeros, codes[1]), 37) == 0
