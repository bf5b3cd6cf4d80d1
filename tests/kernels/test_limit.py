import time

import numpy as np
import pytest

from fatnn_kernels import PRODUCTS
from fatnn_kernels.limit import WORDS, RegisterLoop, limit_tile, register_word


@pytest.mark.parametrize("name", PRODUCTS)
def test_it_computes_what_it_says(name):
    """The same word again and again: WORDS times the product of that word, or of the largest entries of a table."""
    product = PRODUCTS[name]
    loop = RegisterLoop(limit_tile(product))
    loop.run(1)
    word = np.full((1, 1), register_word(product), np.uint32)
    acc = (np.zeros((1, 1), product.dtype),) * product.accumulators
    if product.way == "lookup":
        table = product.step.table
        acc = (np.full((1, 1), table.codes * table.entries.max(), np.int32),)
    else:
        acc = product.step(acc, [word] * product.words("x"), [word] * product.words("y"))
    once = product.finish(acc, np.zeros((1, 1), product.dtype))
    np.testing.assert_array_equal(loop._c, np.broadcast_to(WORDS * once, loop._c.shape))


@pytest.mark.alone
def test_the_optimiser_leaves_the_work_in_the_loop():
    """A hundred calls take longer than ten: far more than the noise of any machine."""
    loop = RegisterLoop(limit_tile(PRODUCTS["ternary-fatnn"]))
    loop.run(1)
    seconds = []
    for calls in (10, 1000):
        begin = time.perf_counter()
        loop.run(calls)
        seconds.append(time.perf_counter() - begin)
    assert seconds[1] > 5 * seconds[0]
