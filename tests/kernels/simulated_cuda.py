"""Run in a process of its own, under Numba's CUDA simulator: products on a GPU, against the oracle."""

import json
import sys

from oracle import assert_product, operands

from fatnn_kernels.cuda import PRODUCTS
from fatnn_kernels.cuda.driver import Gemm, gemm
from fatnn_kernels.cuda.tile import CudaTile

#: Rows and columns of a thread, and threads of a block: few, for the simulator runs a thread as one of Python's.
TILES = {"wide": (1, 4, 1, 2, 4), "odd": (3, 2, 2, 3, 2), "square": (4, 4, 2, 2, 3)}


def check(name, tile, m, n, words, kind):
    """Compute a product on a tile, or on the one that is chosen; raises AssertionError if it is wrong.

    The last of the words is not full, if it holds more than one value.
    """
    product = PRODUCTS[name]
    k = max(1, words * product.values_per_step - 1)
    x, y = operands(product, m, n, k, kind, seed=m + n + k)
    if tile is None:
        assert_product(product, gemm(product, x, y), x, y)
        return
    ready = Gemm(product, x, y, CudaTile(product, *TILES[tile]))
    for _ in range(2):  # each time anew
        ready.spoil()
        ready.enqueue()
        assert_product(product, ready.result(), x, y)


if __name__ == "__main__":
    for case in json.loads(sys.argv[1]):
        check(*case)
