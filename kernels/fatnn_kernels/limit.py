"""What the machine can do: the rate of a tile's own instructions on registers, and nothing else."""

import numpy as np

from fatnn_kernels.aligned import aligned
from fatnn_kernels.epilogue import Results
from fatnn_kernels.intrinsics import TypedTile, barrier, emit
from fatnn_kernels.jit import compiled
from fatnn_kernels.look_up import LookUp
from fatnn_kernels.memory import Place
from fatnn_kernels.operands import RegisterX, RegisterY
from fatnn_kernels.panels import configure_tiles, release_tiles
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


def register_word(product: Product) -> int:
    """The word of every operand: 1.0, should it be a float; of a look-up, whose x is a row of the table already, four
    times its largest entry."""
    return product.step.table.largest * 0x0101_0101 if isinstance(product.step, LookUp) else 0x3F80_0000


class RegisterLoop:
    """A tile over :data:`WORDS` words of x and y that stay in registers: no loads, no cache, no memory.

    The quotient of its ``macs`` and the time of a call is the limit of every kernel of the product, where the tile is
    :func:`limit_tile`.
    """

    def __init__(self, tile: Tile) -> None:
        product = tile.product
        word = register_word(product)
        x = RegisterX(np.full((1, 1, product.words("x"), tile.rows), word, np.uint32))
        y = RegisterY(np.full((1, 1, product.words("y"), tile.columns), word, np.uint32))
        shapes = ((tile.rows,), (tile.columns,), (tile.rows, tile.columns))
        store = Results(*(aligned(shape, product.dtype) for shape in shapes))
        self._c = store.c
        self._arguments = TypedTile(tile), x, y, store
        self.macs = tile.rows * tile.columns * WORDS * product.values_per_step  #: multiply-accumulates of a call

    def run(self, loops: int) -> None:
        """Call the tile ``loops`` times."""
        _run(*self._arguments, loops)


@compiled()
def _run(tile: TypedTile, x: RegisterX, y: RegisterY, store: Results, loops: int) -> None:
    configure_tiles(tile)
    for _ in range(loops):
        emit(tile, x, y, store, Place(0, 0, 0, WORDS))
        barrier()
    release_tiles(tile)
