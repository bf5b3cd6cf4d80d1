import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatnn_kernels.aligned import LINE_BYTES, aligned

dtypes = st.sampled_from([np.uint8, np.int32, np.uint32, np.float64])
shapes = st.lists(st.integers(0, 20), min_size=1, max_size=4).map(tuple)


def first_byte(array):
    return array.__array_interface__["data"][0]


@given(st.lists(st.tuples(shapes, dtypes), min_size=1, max_size=20))
def test_each_begins_a_line_holds_zeros_and_overlaps_no_other(wanted):
    arrays = [aligned(shape, dtype) for shape, dtype in wanted]
    for number, (array, (shape, dtype)) in enumerate(zip(arrays, wanted, strict=True), 1):
        assert (array.shape, array.dtype) == (shape, dtype)
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.size == 0 or first_byte(array) % LINE_BYTES == 0
        assert not array.any()
        array.fill(number)
    assert all((array == number).all() for number, array in enumerate(arrays, 1))


def test_small_ones_are_neighbours_in_a_huge_page():
    aligned(2**21, np.uint8)  # fills the page that was begun
    first, second = aligned(100, np.uint8), aligned(100, np.uint8)
    assert first_byte(first) % 2**21 == 0
    assert first_byte(second) - first_byte(first) == 128


@pytest.mark.parametrize("size", [1, 2**21 - 1, 2**21, 2**21 + 1, 5 * 2**21])
def test_large_ones_have_room(size):
    array = aligned(size, np.uint8)
    array[-1] = 1
    assert len(array) == size


def test_memory_is_given_back():
    array = aligned(3 * 2**21, np.uint8)
    memory = array
    while isinstance(memory.base, np.ndarray):
        memory = memory.base
    gone = weakref.ref(memory)
    del array, memory
    aligned(2**21, np.uint8)  # lets go of what was left of the pages
    gc.collect()
    assert gone() is None
