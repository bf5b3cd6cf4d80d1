"""The tile of a block of threads: which part of the result a block computes, and how much each of its threads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.product import Product, Way
from fatnn_kernels.tile import Tile

#: Results of a thread, rows × columns: the larger, the fewer loads a product needs; the smaller, the more
#: multiprocessors have a part of a small result.
SHAPES = ((8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2), (1, 1))
#: Accumulators of a thread. Popcounts are so slow beside loads that more blocks on a multiprocessor gain more than
#: fewer loads do.
MOST_ACCUMULATORS: dict[Way, int] = {"popcount": 48, "dot": 64, "fma": 64}
#: Steps between two branches, so that a thread of few results has loads and popcounts in flight.
STEPS = 16
#: What a load from shared memory costs, in popcounts: 32 words a clock and multiprocessor against 16 popcounts.
LOAD = 0.5


@dataclass(frozen=True)
class CudaTile:
    """A product on one shape of a block: [threads_y, threads_x] threads with [thread_rows, thread_columns] results."""

    product: Product
    thread_rows: int  #: rows of the result of a thread, whose accumulators never leave its registers
    thread_columns: int  #: columns of the result of a thread
    threads_y: int = 16
    threads_x: int = 16
    depth: int = 32  #: words of a plane in shared memory at a time, a multiple of :attr:`unrolled`

    @property
    def rows(self) -> int:
        """Rows of the result of a block."""
        return self.thread_rows * self.threads_y

    @property
    def columns(self) -> int:
        """Columns of the result of a block."""
        return self.thread_columns * self.threads_x

    @property
    def unrolled(self) -> int:
        """Words of a plane between two branches; the words are filled up to a multiple of it."""
        return min(4, max(1, STEPS // (self.thread_rows * self.thread_columns)))

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return self.threads_y * self.threads_x

    @property
    def packing(self) -> Tile:
        """A tile of the same rows and columns, as :func:`fatnn_kernels.packing.pack` takes it."""
        return Tile(self.product, self.rows, self.columns, lanes=1, counting="words")

    def arranged(self, words: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """[tiles, words, planes, width], with zero words, which add nothing, up to a multiple of :attr:`unrolled`."""
        missing = -words.shape[1] % self.unrolled
        return np.pad(words, ((0, 0), (0, missing), (0, 0), (0, 0))) if missing else words

    def grid(self, m: int, n: int) -> tuple[int, int]:
        """Blocks along the columns and the rows of a result [m, n]."""
        return -(-n // self.columns), -(-m // self.rows)

    def __str__(self) -> str:
        return f"{self.thread_rows}x{self.thread_columns} of {self.threads_y}x{self.threads_x} threads"


def choose_tile(product: Product, m: int, n: int, multiprocessors: int) -> CudaTile:
    """The tile whose blocks, spread over the multiprocessors, are done first.

    The multiprocessor with the most blocks decides. Beside its own work a product costs the loads that it shares with
    the row and the column of its thread.
    """

    def cost(tile: CudaTile) -> float:
        across, down = tile.grid(m, n)
        most = -(-across * down // multiprocessors)
        return most * tile.rows * tile.columns * (1 + LOAD / tile.thread_rows + LOAD / tile.thread_columns)

    most = MOST_ACCUMULATORS[product.way]
    fitting = [shape for shape in SHAPES if product.accumulators * shape[0] * shape[1] <= most]
    return min((CudaTile(product, *shape) for shape in fitting), key=cost)
