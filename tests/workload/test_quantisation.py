import numpy as np

from fatnn_bench.workload.quantisation import quantised
from fatnn_kernels.product import BINARY_VALUES, FLOAT32_VALUES, INT8_VALUES, TERNARY_VALUES, TWO_BIT_VALUES


def test_each_float_becomes_the_level_whose_bounds_it_reaches():
    floats = np.float32([-2, -0.5, -0.4, 0, 0.5, 0.9, 1, 1.5, 9])
    assert quantised(floats, TERNARY_VALUES).tolist() == [-1, 0, 0, 0, 1, 1, 1, 1, 1]
    assert quantised(floats, BINARY_VALUES).tolist() == [-1, -1, -1, 1, 1, 1, 1, 1, 1]
    assert quantised(floats, TWO_BIT_VALUES).tolist() == [0, 0, 0, 0, 1, 1, 2, 3, 3]


def test_int8_rounds_to_even_and_saturates():
    assert quantised(np.float32([0.0125, 0.0375, -9, 9]), INT8_VALUES).tolist() == [0, 2, -128, 127]


def test_float32_is_kept():
    floats = np.float32([1.5, -2])
    assert quantised(floats, FLOAT32_VALUES) is floats
