"""The time of a layer on a CPU that is not here: cycles of blocks × how often they run, summed over the layer's tiles.

    cycles = row tiles × column tiles × Σ_panels Σ_blocks runs(block, words of the panel) × cycles(block)

The cycles of a block are those of llvm-mca, mended where LLVM's description of the CPU is known to be wrong
(:mod:`fatnn_bench.model.faults`). It is the time of a kernel whose operands are in the first cache, on one core at its
full clock. Left out are the misses of caches, mispredicted branches, the driver's own loops, and blocks that LLVM puts
on the edges between others.
"""

from dataclasses import dataclass
from functools import cache

from fatnn_bench.hotloop.assembly import blocks
from fatnn_bench.model import mca
from fatnn_bench.model.control import block_counts
from fatnn_bench.model.faults import mended, waiting
from fatnn_bench.model.tile_code import compile_tile, product_for
from fatnn_kernels.driver import choose_tile, panel_words
from fatnn_kernels.obstacle import missing
from fatnn_kernels.target import Target
from fatnn_kernels.tile import Tile


@dataclass(frozen=True)
class Model:
    """What is simulated, and by what."""

    program: str  #: an llvm-mca; see :func:`fatnn_bench.machine.llvm_mca.find`
    target: Target  #: what LLVM compiles for
    cpu: str  #: LLVM's name of the CPU whose pipeline runs the code


@dataclass(frozen=True)
class Prediction:
    """What the model says of a layer."""

    cycles: float  #: of the whole layer
    tile: Tile
    hot_block: str  #: the block of LLVM's IR where most cycles go
    hot_fraction: float  #: the part of all cycles that goes there


def predict(model: Model, product_name: str, m: int, n: int, k: int) -> Prediction:
    """Predict the kernel of a product on a GEMM of x [M, K] and y [N, K].

    Raises
    ------
    mca.UnknownCpuError
        llvm-mca has no model of the CPU.
    ValueError
        The target lacks an instruction, or LLVM made code that the model cannot follow.
    """
    product = product_for(product_name, model.target)
    if lacks := missing(product, model.target):
        raise ValueError(lacks)
    tile = choose_tile(product, model.target, m, n, k)
    tiles = -(-m // tile.rows) * -(-n // tile.columns)
    by_block: dict[str, float] = {}
    for words, first in _panels(panel_words(tile, -(-m // tile.rows)), product.steps(k)):
        for block, spent in _tile_cycles(model, tile, words, first).items():
            by_block[block] = by_block.get(block, 0.0) + spent
    total = sum(by_block.values())
    hottest = max(by_block, key=by_block.__getitem__)
    return Prediction(tiles * total, tile, hottest, by_block[hottest] / total)


def _panels(most: int, words: int) -> list[tuple[int, bool]]:
    """The words of each call of a tile, ``most`` at a time, and whether it is the first on its part of the result."""
    return [(min(most, words - begin), begin == 0) for begin in range(0, words, most)]


@cache
def _tile_cycles(model: Model, tile: Tile, words: int, first: bool) -> dict[str, float]:
    """The cycles of one call of the tile, by block."""
    runs = block_counts(compile_tile(tile, model.target).ir, {"words": words, "first": first})
    each = _block_cycles(model, tile)
    hottest = max(runs, key=runs.__getitem__)
    if hottest not in each:
        raise ValueError(f"the block {hottest}, which runs most often, is not in the assembly for {model.target.cpu}")
    return {block: count * each[block] for block, count in runs.items() if block in each}


@cache
def _block_cycles(model: Model, tile: Tile) -> dict[str, float]:
    named = [block for block in blocks(compile_tile(tile, model.target).assembly) if block.name]
    cpu = mca.Cpu(model.target.triple, model.cpu, model.target.features)
    spent = mca.cycles(model.program, cpu, [mended(block, model.cpu) for block in named])
    return {block.name: cycles + waiting(block, model.cpu) for block, cycles in zip(named, spent, strict=True)}
