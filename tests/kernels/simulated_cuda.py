"""Run in a process of its own, under Numba's CUDA simulator: products on a GPU, against the oracle."""

import json
import sys

import numpy as np
from emulated_tensor_cores import Device
from oracle import assert_product, bounds_of, direct, draw, operands

from fatnn_kernels.cuda import PRODUCTS, convolution, driver, quantise, tensor_fragments, tensor_kernel
from fatnn_kernels.cuda.convolution import Convolution
from fatnn_kernels.cuda.driver import Gemm, gemm
from fatnn_kernels.cuda.tensor_tile import TensorTile
from fatnn_kernels.cuda.tile import CudaTile
from fatnn_kernels.geometry import Geometry

#: Rows and columns of a thread, and threads of a block: few, for the simulator runs a thread as one of Python's.
TILES = {"wide": (1, 4, 1, 2, 4), "odd": (3, 2, 2, 3, 2), "square": (4, 4, 2, 2, 3)}
#: Fragments of a warp, and warps of a block.
TENSOR_TILES = {"one": (1, 2, 1, 1), "many": (2, 2, 1, 2)}


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
    shape = TENSOR_TILES[tile] if product.way == "tensor" else TILES[tile]
    emulated = Device()
    emulate(emulated)
    ready = Gemm(product, x, y, (TensorTile if product.way == "tensor" else CudaTile)(product, *shape))
    for eager in (True, False):  # each time anew
        emulated.eager = eager
        ready.spoil()
        ready.enqueue()
        assert_product(product, ready.result(), x, y)


def check_layer(name, geometry, tile):
    """Compute a convolution of a geometry's sizes on a tile; raises AssertionError if it is wrong."""
    product, g = PRODUCTS[name], Geometry(*geometry)
    rng = np.random.default_rng(sum(geometry))
    image = rng.standard_normal((g.batch, g.height, g.width, g.in_channels), dtype=np.float32)
    weights = draw(product.y.domain, (g.out_channels, g.kernel, g.kernel, g.in_channels), "any", sum(geometry))
    bounds, quantised = bounds_of(product)
    emulate(emulated := Device())
    ready = Convolution(product, g, image, weights, bounds, TensorTile(product, *TENSOR_TILES[tile]))
    expected = direct(product, g, quantised(image), weights)
    for eager in (True, False):  # each time anew
        emulated.eager = eager
        ready.spoil()
        ready.enqueue()
        np.testing.assert_array_equal(ready.result(), expected)


def emulate(device):
    """Give kernels the tensor cores that the simulator has none of."""
    driver.obstacle = convolution.obstacle = lambda product: ""
    quantise.vote = device.vote
    for name in ("begin_copy", "end_group", "await_groups", "store_pair"):
        setattr(tensor_kernel, name, getattr(device, name))
    for name in ("add_and_popcounts", "load_blocks"):
        setattr(tensor_fragments, name, getattr(device, name))


if __name__ == "__main__":
    for case in json.loads(sys.argv[1]):
        check(*case) if isinstance(case[1], str | None) else check_layer(*case)
