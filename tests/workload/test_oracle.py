import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fatnn_bench.workload import data
from fatnn_bench.workload.oracle import complaint, expected
from fatnn_kernels.product import BINARY_VALUES, FLOAT32_VALUES, INT8_VALUES, TERNARY_VALUES, TWO_BIT_VALUES

INT8 = st.integers(-128, 127)


@given(st.data(), st.integers(1, 4), st.integers(1, 4), st.integers(1, 40))
def test_integers_are_exact(draws, m, n, k):
    x = draws.draw(hnp.arrays(np.int8, (m, k), elements=INT8))
    y = draws.draw(hnp.arrays(np.int8, (n, k), elements=INT8))
    right = [[sum(int(a) * int(b) for a, b in zip(row, column, strict=True)) for column in y] for row in x]
    result = expected(x, y, INT8_VALUES, INT8_VALUES)
    assert result.dtype == np.int64
    assert result.tolist() == right


@pytest.mark.parametrize("k", [1023, 1024, 1025, 2**20 + 1])
def test_int8_extremes_are_exact_on_both_sides_of_float32(k):
    x = np.full((1, k), -128, np.int8)
    x[0, -1] = 127  # makes the sum odd in its last bits
    right = (k - 1) * 128 * 128 + 127 * -128
    assert expected(x, np.full((1, k), -128, np.int8), INT8_VALUES, INT8_VALUES).tolist() == [[right]]


@pytest.mark.parametrize(
    ("domain", "value", "k"), [(TERNARY_VALUES, -1, 2**24 + 1), (TWO_BIT_VALUES, 3, 2**21 + 1)], ids=lambda v: str(v)
)
def test_few_bits_are_exact_where_float32_is_not(domain, value, k):
    x = np.full((1, k), value, np.int8)
    assert expected(x, x, domain, domain).item() == value * value * k


def test_mixed_domains_are_exact():
    x, y = np.array([[1, 0, -1, -1]], np.int8), np.array([[1, 1, 1, -1]], np.int8)
    assert expected(x, y, TERNARY_VALUES, BINARY_VALUES).tolist() == [[1]]


def test_floats_are_multiplied_in_float64():
    x = np.array([[2.0**12, 2.0**-13]], np.float32)
    y = np.array([[2.0**12, 2.0**-13]], np.float32)
    result = expected(x, y, FLOAT32_VALUES, FLOAT32_VALUES)
    assert result.dtype == np.float64
    assert result.item() == 2.0**24 + 2.0**-26


def test_no_complaint_of_what_is_right():
    right = np.array([[1, -2], [3, 4]])
    assert complaint(right.astype(np.int32), right, 5) == ""


def test_a_complaint_names_the_first_wrong_value_and_how_many_there_are():
    right = np.arange(6).reshape(2, 3)
    result = right.astype(np.int32)
    result[0, 2] = 9
    result[1, 1] = -4
    assert complaint(result, right, 5) == "wrong result at [0, 2]: 9, expected 2 (2 of 6 outputs are wrong)"


def test_a_complaint_of_the_shape():
    message = complaint(np.zeros((2, 3), np.int32), np.zeros((3, 2), np.int64), 5)
    assert message == "the result has shape (2, 3), expected (3, 2)"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_is_wrong(value):
    assert "wrong result at [0, 0]" in complaint(np.array([[value]], np.float32), np.array([[0.5]]), 10)


def floats(k):
    return [data.draw(FLOAT32_VALUES, 30, k, 0, name) for name in ("x", "y")]


@pytest.mark.parametrize("k", [1, 45, 4608, 25088])
def test_float32_may_be_summed_in_any_order(k):
    x, y = floats(k)
    right = expected(x, y, FLOAT32_VALUES, FLOAT32_VALUES)
    one_by_one = np.cumsum(x[:, None, :] * y[:5], axis=2, dtype=np.float32)[..., -1]
    assert complaint(one_by_one, right[:, :5], k) == ""
    assert complaint(x @ y.T, right, k) == ""


@pytest.mark.parametrize("k", [45, 4608, 25088])
def test_float32_that_leaves_out_one_product_is_wrong(k):
    x, y = floats(k)
    right = expected(x, y, FLOAT32_VALUES, FLOAT32_VALUES)
    assert "wrong result" in complaint(x[:, 1:] @ y[:, 1:].T, right, k)


def test_float32_of_halved_mantissas_is_wrong():
    x, y = floats(576)
    right = expected(x, y, FLOAT32_VALUES, FLOAT32_VALUES)
    short = x.astype(np.float16).astype(np.float32) @ y.astype(np.float16).astype(np.float32).T
    assert "wrong result" in complaint(short, right, 576)
