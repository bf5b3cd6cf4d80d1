"""The tile of a block of threads on tensor cores: fragments of a warp, warps of a block, and the stages of its loads.

A warp multiplies *fragments* of 16 rows and of 8 columns. What it takes of K at once, 256 values, is a *slice*: eight
words a plane. A *stage* is what a block loads at once, a slice or two of its rows and columns; some are under way while
one is multiplied.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.and_popcounts import AndPopcounts
from fatnn_kernels.product import Product, Side
from fatnn_kernels.tile import Tile

#: Rows and columns of a fragment, and words of a plane in a slice.
FRAGMENT_ROWS, FRAGMENT_COLUMNS, SLICE = 16, 8, 8
#: Threads of a warp.
WARP = 32
#: Bytes of shared memory that a block gets without asking.
SHARED_BYTES = 48 * 1024
#: More stages under way would hide no more latency.
MOST_STAGES = 5
#: Fragments of a warp, rows × columns: the larger, the fewer loads a product needs. The largest fill the registers.
SHAPES = ((4, 8), (2, 8), (2, 4), (1, 4), (1, 2))
#: What loading a word costs, in ANDs of two words: a multiprocessor of compute capability 9.0 has 32 words a clock from
#: shared memory, and its tensor cores AND and count 608 pairs.
LOAD = 19.0


@dataclass(frozen=True)
class TensorTile:
    """A product on one shape of a block: [warps_y, warps_x] warps of [fragments_y, fragments_x] fragments."""

    product: Product
    fragments_y: int  #: of rows, whose sums never leave the registers of a warp
    fragments_x: int  #: of columns
    warps_y: int = 2
    warps_x: int = 2
    threads_y: ClassVar[int] = 1

    @property
    def ands(self) -> AndPopcounts:
        """The product's step."""
        assert isinstance(self.product.step, AndPopcounts)
        return self.product.step

    @property
    def rows(self) -> int:
        """Rows of the result of a block."""
        return self.warps_y * self.fragments_y * FRAGMENT_ROWS

    @property
    def columns(self) -> int:
        """Columns of the result of a block."""
        return self.warps_x * self.fragments_x * FRAGMENT_COLUMNS

    @property
    def threads_x(self) -> int:
        """Threads of a block, warp by warp."""
        return self.warps_y * self.warps_x * WARP

    def stage_words(self, side: Side) -> int:
        """Words of a stage of a block's rows (x) or columns (y)."""
        return self.depth * SLICE * self.product.words(side) * (self.rows if side == "x" else self.columns)

    @property
    def depth(self) -> int:
        """Slices of a stage: two of operands of one plane, between two barriers."""
        return 2 if self.product.words("x") + self.product.words("y") == 2 else 1

    @property
    def stages(self) -> int:
        """Stages in shared memory, that which is multiplied among them."""
        return min(MOST_STAGES, SHARED_BYTES // (4 * (self.stage_words("x") + self.stage_words("y"))))

    @property
    def packing(self) -> Tile:
        """A tile of the same rows and columns, as :func:`fatnn_kernels.packing.pack` takes it."""
        return Tile(self.product, self.rows, self.columns, lanes=1, counting="words")

    def arranged(self, words: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """[tiles, words, planes, width] -> [tiles, stages, slices, planes, width, words of a slice].

        Words are filled up to whole stages with zeros, which add nothing, and lie :func:`swizzled`.
        """
        tiles, count, planes, width = words.shape
        filled = np.pad(words, ((0, 0), (0, -count % (self.depth * SLICE)), (0, 0), (0, 0)))
        stages = filled.reshape(tiles, -1, self.depth, SLICE, planes, width)
        return swizzled(np.ascontiguousarray(stages.transpose(0, 1, 2, 4, 5, 3)))

    def grid(self, m: int, n: int) -> tuple[int, int]:
        """Blocks along the columns and the rows of a result [m, n]."""
        return -(-n // self.columns), -(-m // self.rows)

    def __str__(self) -> str:
        of_warp = f"{self.fragments_y * FRAGMENT_ROWS}x{self.fragments_x * FRAGMENT_COLUMNS}"
        return f"{of_warp} of {self.warps_y}x{self.warps_x} warps, {self.stages} stages"


def swizzled(slices: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """[..., width, words of a slice] with the halves of rows 4 to 7 of each eight the other way round.

    Eight halves then lie in all 32 banks of shared memory.
    """
    turned = np.arange(slices.shape[-2]) // 4 % 2 == 1
    slices[..., turned, :] = np.roll(slices[..., turned, :], SLICE // 2, axis=-1)
    return slices


def choose_tensor_tile(product: Product, m: int, n: int, multiprocessors: int) -> TensorTile:
    """The tile whose blocks, spread over the multiprocessors, are done first.

    The multiprocessor with the most blocks decides. Beside its own work a product costs the loads that it shares with
    the row and the column of its warp.
    """
    tiles = [TensorTile(product, *shape) for shape in SHAPES]
    return min(tiles, key=lambda tile: _cost(tile, m, n, multiprocessors))


def _cost(tile: TensorTile, m: int, n: int, multiprocessors: int) -> float:
    across, down = tile.grid(m, n)
    x, y = tile.product.words("x"), tile.product.words("y")
    loads = x * tile.warps_x / tile.columns + y * tile.warps_y / tile.rows
    each = len(tile.ands.weights) + LOAD * loads
    return -(-across * down // multiprocessors) * tile.rows * tile.columns * each
