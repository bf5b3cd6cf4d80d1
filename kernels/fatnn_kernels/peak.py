"""What the machine can do: the rate of a tile's own instructions on registers, and nothing else."""

from typing import Any

import numpy as np

from fatnn_kernels.intrinsics import TypedTile, address, barrier, emit_register_tile
from fatnn_kernels.jit import compiled
from fatnn_kernels.product import Product
from fatnn_kernels.shapes import limit_shape
from fatnn_kernels.target import current_target
from fatnn_kernels.tile import Tile

#: Words of a call: enough that the epilogue does not count, few enough that a call is short.
WORDS = 1024


def limit_tile(product: Product) -> Tile:
    """The tile that sets the limit of a product on this target; a kernel may run on another."""
    target = current_target()
    shape = limit_shape(product, target)
    return Tile(product, shape.rows, shape.vectors, target.lanes, shape.counting)


class RegisterLoop:
    """A tile over :data:`WORDS` words of x and y that stay in registers: no loads, no cache, no memory.

    The quotient of its ``macs`` and the time of a call is the limit of every kernel of the product, where the tile is
    :func:`limit_tile`.
    """

    def __init__(self, tile: Tile) -> None:
        product = tile.product
        self._tile = tile
        self._x = np.full(tile.rows * product.words("x"), 0x3F800000, np.uint32)  # 1.0, should it be a float
        self._y = np.full(tile.columns * product.words("y"), 0x3F800000, np.uint32)
        self._x_term, self._y_term = np.zeros(tile.rows, product.dtype), np.zeros(tile.columns, product.dtype)
        self._c = np.empty((tile.rows, tile.columns), product.dtype)
        self.macs = tile.rows * tile.columns * WORDS * product.values_per_step  #: multiply-accumulates of a call

    def run(self, loops: int) -> None:
        """Call the tile ``loops`` times."""
        _run(TypedTile(self._tile), self._x, self._y, self._x_term, self._y_term, self._c, loops)


@compiled()
def _run(tile: Any, x: Any, y: Any, x_term: Any, y_term: Any, c: Any, loops: Any) -> None:
    for _ in range(loops):
        emit_register_tile(
            tile,
            address(x, 0),
            address(y, 0),
            WORDS,
            address(x_term, 0),
            address(y_term, 0),
            True,
            address(c, 0),
            c.shape[1],
        )
        barrier()
