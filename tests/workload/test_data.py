import numpy as np
import pytest

from fatnn_bench.workload.data import PATTERNS, draw
from fatnn_kernels.product import BINARY_VALUES, FLOAT32_VALUES, INT8_VALUES, TERNARY_VALUES, TWO_BIT_VALUES

DOMAINS = (BINARY_VALUES, TERNARY_VALUES, TWO_BIT_VALUES, INT8_VALUES)
VALUES = {
    BINARY_VALUES: {-1, 1},
    TERNARY_VALUES: {-1, 0, 1},
    TWO_BIT_VALUES: {0, 1, 2, 3},
    INT8_VALUES: set(range(-128, 128)),
}


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_random_values_are_all_of_the_domain_and_no_others(domain):
    values = draw(domain, 100, 100, 0, "x")
    assert (values.shape, values.dtype) == ((100, 100), np.int8)
    assert set(values.ravel().tolist()) == VALUES[domain]


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_random_values_are_equally_frequent(domain):
    values, counts = np.unique(draw(domain, 256, 256, 0, "x"), return_counts=True)
    np.testing.assert_allclose(counts, 256 * 256 / len(values), rtol=0.3)


def test_floats_fill_minus_one_to_one():
    values = draw(FLOAT32_VALUES, 100, 100, 0, "x")
    assert values.dtype == np.float32
    assert -1 <= values.min() < -0.99
    assert 0.99 < values.max() <= 1
    assert abs(values.mean()) < 0.03


@pytest.mark.parametrize("domain", [*DOMAINS, FLOAT32_VALUES], ids=lambda domain: domain.name)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_seed_fixes_the_values(domain, pattern):
    np.testing.assert_array_equal(draw(domain, 5, 33, 7, "a", pattern), draw(domain, 5, 33, 7, "a", pattern))


@pytest.mark.parametrize("other", [(8, "a"), (7, "b")])
def test_another_seed_or_name_gives_other_values(other):
    assert not np.array_equal(draw(TERNARY_VALUES, 5, 33, 7, "a"), draw(TERNARY_VALUES, 5, 33, *other))


@pytest.mark.parametrize(
    ("domain", "low", "high"),
    [(BINARY_VALUES, -1, 1), (TWO_BIT_VALUES, 0, 3), (INT8_VALUES, -128, 127), (FLOAT32_VALUES, -1.0, 1.0)],
    ids=["binary", "two-bit", "int8", "float32"],
)
def test_patterns_hold_the_extremes(domain, low, high):
    assert draw(domain, 2, 3, 0, "x", "lowest").tolist() == [[low] * 3] * 2
    assert draw(domain, 2, 3, 0, "x", "highest").tolist() == [[high] * 3] * 2
    assert draw(domain, 2, 3, 0, "x", "alternating").tolist() == [[low, high, low]] * 2
