import doctest
import math
from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import ALL_PRODUCTS, BY_ENTRIES, assert_product, draw, on_numpy, operands

import fatnn_kernels
from fatnn_kernels import (
    BINARY,
    FLOAT32,
    INT8,
    PRODUCTS,
    TERNARY_FATNN,
    codec,
    driver,
    gemm,
    interleaved,
    pack_operands,
)
from fatnn_kernels.bit_code import BitCode
from fatnn_kernels.int8 import INT8_BY_DOT
from fatnn_kernels.intrinsics import TileType
from fatnn_kernels.matrix_tiles import COLUMNS
from fatnn_kernels.obstacle import misfit
from fatnn_kernels.operations import popcount
from fatnn_kernels.packing import pack
from fatnn_kernels.shapes import tile_shape
from fatnn_kernels.shares import Tiles, share_of
from fatnn_kernels.target import current_target, describe
from fatnn_kernels.tile import Tile

every_product = pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS.keys())
BITWISE = [product for product in PRODUCTS.values() if product.way == "popcount"]
MOST_THREADS = numba.config.NUMBA_NUM_THREADS


def result_of(a, b, **options):
    """C of driver.run, filled with rubbish beforehand."""
    c = driver.empty_result(a, b)
    c.fill(77)
    driver.run(a, b, c, **options)
    return c[: a.count, : b.count]


def small_tile(product):
    """A tile of three rows for any M, so that few are compiled."""
    target = current_target()
    return Tile(product, 3, 1, target.lanes, target.counting)


def packed(tile, x, y):
    return pack(tile, "x", x), pack(tile, "y", y)


# threads


@pytest.mark.skipif(MOST_THREADS < 2, reason="Numba was started with one thread")
@pytest.mark.parametrize("product", [FLOAT32, INT8, TERNARY_FATNN], ids=repr)
@pytest.mark.parametrize(("m", "n"), [(37, 70), (1, 200), (200, 1), (1, 1)])
@pytest.mark.parametrize("loops", [1, 3])
def test_result_is_the_same_for_any_count_of_threads(product, m, n, loops):
    a, b = packed(small_tile(product), *operands(product, m, n, 150))
    np.testing.assert_array_equal(result_of(a, b, threads=2, loops=loops), result_of(a, b, threads=1))


@pytest.mark.parametrize("threads", [-1, 0, MOST_THREADS + 1])
def test_count_of_threads_that_cannot_be_is_refused(threads):
    x, y = operands(BINARY, 2, 3, 4)
    with pytest.raises(ValueError, match=rf"^threads is {threads}; expected 1 to {MOST_THREADS} \(NUMBA_NUM_THREADS"):
        gemm(BINARY, x, y, threads=threads)


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), threads=st.integers(1, 9))
def test_threads_share_all_tiles_and_none_has_more_than_the_better_split_gives(rows, columns, threads):
    tiles = np.zeros((rows, columns), int)
    busiest = 0
    for thread in range(threads):
        share = share_of.py_func(thread, threads, Tiles(rows, columns, 1, 1, 1))
        row_begin, row_end, column_begin, column_end, whose = share
        assert whose == thread
        tiles[row_begin:row_end, column_begin:column_end] += 1
        busiest = max(busiest, (row_end - row_begin) * (column_end - column_begin))
    assert (tiles == 1).all()
    assert busiest == min(-(-rows // threads) * columns, rows * -(-columns // threads))


# blocks


@pytest.fixture
def small_blocks(monkeypatch):
    """Panels of a few words and blocks of one tile, so that small operands have many of each."""
    monkeypatch.setattr(driver, "PANEL_BYTES", 1)
    monkeypatch.setattr(driver, "BLOCK_BYTES", 1)


@pytest.mark.usefixtures("small_blocks")
@every_product
@pytest.mark.parametrize("k", [1, 31, 65, 200])
def test_blocks_of_k_and_of_rows_add_up(product, k):
    x, y = operands(product, 37, 70, k)
    assert_product(product, gemm(product, x, y), x, y)


@every_product
@pytest.mark.parametrize("m", [4, 40], ids=["one tile of x", "several"])
def test_k_of_several_panels(product, m):
    k = 3 * driver.PANEL_BYTES // 4 // 16 * product.values_per_step + 5  # of columns as wide as one vector
    x, y = operands(product, m, 3, k, "extreme" if product.dtype == np.int32 else "any")
    assert_product(product, gemm(product, x, y), x, y)


# the tile

X86, ARM = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"
TARGETS = [
    describe(*machine, "")
    for machine in ((X86, "x86-64-v2"), (X86, "x86-64-v3"), (X86, "x86-64-v4"), (X86, "znver4"), (ARM, "cortex-a76"))
]


@given(
    target=st.sampled_from(TARGETS),
    product=st.sampled_from([product for product in ALL_PRODUCTS.values() if product.way != "tiles"]),
    m=st.integers(1, 300),
    k=st.integers(1, 5000),
)
def test_no_other_count_of_rows_wastes_less(target, product, m, k):
    """A tile costs its rows, and a quarter of one for all else; what it lacks in rows it may have in vectors."""
    shape, tile = tile_shape(product, target, product.steps(k)), driver.choose_tile(product, target, m, 1000, k)
    cost = {rows: math.ceil(m / rows) * (rows + 0.25) for rows in range(1, shape.rows + 1)}
    assert cost[tile.rows] == min(cost.values())
    assert (tile.product, tile.lanes, tile.counting) == (product, target.lanes, shape.counting)
    assert tile.vectors % shape.vectors == 0
    assert tile.rows * tile.vectors <= shape.rows * shape.vectors
    assert tile.vectors <= 4 * shape.vectors


# the largest sums


@pytest.mark.parametrize("product", BITWISE, ids=repr)
@pytest.mark.parametrize("end", [0, -1])
def test_2_to_the_24_extreme_values(product, end):
    lowest, highest = product.x.domain.low, product.x.domain.high
    x, y = (np.full((1, 2**24), value, np.int8) for value in ((lowest, highest)[end], product.y.domain.high))
    assert gemm(product, x, y)[0, 0] == 2**24 * int(x[0, 0]) * int(y[0, 0])


@pytest.mark.parametrize(("x", "y"), [(-128, -128), (-128, 127), (127, -128), (127, 127)])
def test_int8_at_its_largest_k(x, y):
    values = [np.full((1, INT8.max_k), value, np.int8) for value in (x, y)]
    assert gemm(INT8, *values)[0, 0] == INT8.max_k * x * y


# loops and result


@pytest.mark.parametrize("product", [FLOAT32, INT8, TERNARY_FATNN], ids=repr)
def test_result_does_not_depend_on_loops(product):
    a, b = packed(small_tile(product), *operands(product, 37, 70, 100))
    np.testing.assert_array_equal(result_of(a, b, loops=3), result_of(a, b))


@pytest.mark.usefixtures("small_blocks")
def test_loops_over_several_panels_do_not_add_up():
    x, y = operands(BINARY, 4, 20, 200)
    assert_product(BINARY, result_of(*pack_operands(BINARY, x, y), loops=3), x, y)


@pytest.mark.parametrize("module", [fatnn_kernels, driver, codec, interleaved], ids=lambda module: module.__name__)
def test_examples_of_the_docstrings(module):
    assert doctest.testmod(module).failed == 0


# tiles of other machines


def tiles_of_any_width():
    """Every product in every width and every way to count, but not in all pairs of these: a tile compiles for long."""
    for i, product in enumerate(PRODUCTS.values()):
        for j, lanes in enumerate((4, 8, 16)):
            if product.way == "tiles":
                yield Tile(product, 2, COLUMNS // lanes, lanes, "emulated")
                continue
            if product.way == "lookup":
                yield Tile(BY_ENTRIES[64 if lanes == 16 else 16][product.name], 2, 4, lanes, "bytes")
                continue
            counted = product.way == "popcount"
            yield Tile(product, 2, 1, lanes, ("words", "bytes", "carry-save")[(i + j) % 3] if counted else "words")


TILES = list(tiles_of_any_width())


def name_of(tile):
    return f"{tile.product.name}-{tile.lanes}-{tile.counting}"


@pytest.mark.parametrize("tile", TILES, ids=name_of)
def test_tile_of_any_width_computes_the_same(tile):
    """LLVM splits vectors to the machine's registers, save where an instruction is named for one width."""
    skip_unless_it_runs(tile)
    x, y = operands(tile.product, 3, 20, 32 * 70)
    assert_product(tile.product, result_of(*packed(tile, x, y)), x, y)


def skip_unless_it_runs(tile):
    if lacks := misfit(tile, current_target()):
        pytest.skip(lacks)


def tiles_of_no_machine_here():
    """What an AVX2 machine may lack, and what every machine does."""
    target = current_target()
    yield Tile(INT8, 2, 1, 2 * target.lanes, "words"), "vectors of"
    yield Tile(PRODUCTS["two-bit-lookup"], 2, 4, 2 * target.lanes, "bytes"), "shuffle of bytes|vectors of"
    if target.table_entries != 64:
        yield Tile(BY_ENTRIES[64]["ternary-lookup"], 2, 4, target.lanes, "bytes"), "shuffle of bytes"
    if target.int8_dot != "unsigned quads":
        yield Tile(INT8_BY_DOT["unsigned quads"], 2, 1, target.lanes, "words"), "vpdpbusd"
    if target.tile_unit != "amx":
        yield Tile(PRODUCTS["int8-tiles"], 2, COLUMNS // target.lanes, target.lanes, "amx"), "AMX"


@pytest.mark.parametrize(("tile", "reason"), list(tiles_of_no_machine_here()), ids=str)
def test_tile_of_instructions_that_are_not_here_is_refused(tile, reason):
    """LLVM would end the process."""
    x, y = operands(tile.product, 3, 20, 64)
    with pytest.raises(ValueError, match=rf"^{tile.product.name}: no .*({reason})"):
        result_of(*packed(tile, x, y))


@pytest.mark.parametrize("tile", [tile for tile in TILES if tile.counting in ("bytes", "carry-save")], ids=name_of)
def test_counts_do_not_overflow(tile):
    """Words that add the most to counts which are flushed before 255, in groups of 4, and blocks of 31 or 31 groups."""
    skip_unless_it_runs(tile)
    for words in (*range(1, 10), *range(29, 34), *range(60, 67), *range(122, 130)):
        y = np.full((3, 32 * words), tile.product.y.domain.low or tile.product.y.domain.high, np.int8)
        x = np.full((2, 32 * words), tile.product.x.domain.high, np.int8)
        assert_product(tile.product, result_of(*packed(tile, x, y)), x, y)


@pytest.mark.parametrize("dot", sorted({"pairs", current_target().int8_dot}))
def test_int8_in_every_instruction_of_this_machine(dot):
    product = ALL_PRODUCTS[f"int8 in {dot}"]
    tile = Tile(product, 3, 1, current_target().lanes, "words")
    for kind in ("any", "extreme"):
        x, y = operands(product, 4, 20, 301, kind)
        assert_product(product, result_of(*packed(tile, x, y)), x, y)


def test_tiles_that_differ_in_code_differ_in_type():
    """Numba takes types of one name for the same, and would run the first one's code for both."""
    names = {TileType(Tile(product, 3, 1, 8, "words")).name for product in ALL_PRODUCTS.values()}
    assert len(names) == len(ALL_PRODUCTS)


def other_steps():
    """BINARY in all but what it computes, each part replaced by itself under the same name."""

    def step(acc, x, y):
        return (acc[0] + popcount(x[0] & y[0]),)

    def finish(acc, n):
        return n - acc[0]

    return replace(BINARY, step=step), replace(BINARY, finish=finish)


def test_products_of_one_name_run_their_own_code():
    x, y = operands(BINARY, 3, 5, 64)
    for product in (BINARY, *other_steps()):
        np.testing.assert_array_equal(gemm(product, x, y), on_numpy(product, x, y))


def test_a_type_is_of_what_is_computed_and_nothing_else():
    products = (
        BINARY,
        *other_steps(),
        replace(BINARY, x=replace(BINARY.x, codec=BitCode((-1, 1), lambda ge: (ge[0],)))),
    )
    assert len({TileType(Tile(product, 3, 1, 8, "words")).name for product in products}) == len(products)

    def step(acc, a, b):
        return (acc[0] + popcount(a[0] ^ b[0]),)

    same = replace(BINARY, step=step)
    assert TileType(Tile(same, 3, 1, 8, "words")).name == TileType(Tile(BINARY, 3, 1, 8, "words")).name


def stepping(*popcounts):
    """A product that adds so many popcounts a word to each of its accumulators."""

    def step(acc, x, y):
        words = (x[0] ^ y[0], x[0], y[0], x[0] & y[0], x[0] | y[0], ~x[0] & y[0], x[0] & ~y[0])
        return tuple(sum(map(popcount, words[:count]), so_far) for so_far, count in zip(acc, popcounts, strict=True))

    def finish(acc, n):
        return n + sum(acc[1:], acc[0])

    return replace(BINARY, step=step, finish=finish)


@pytest.mark.parametrize("popcounts", [(3,), (4,), (5,), (7,), (1, 4), (2, 5), (0, 2), (6, 1, 3)])
@pytest.mark.parametrize("counting", ["carry-save", "bytes"])
def test_any_number_of_popcounts_goes_into_an_accumulator(popcounts, counting):
    product = stepping(*popcounts)
    tile = Tile(product, 2, 1, current_target().lanes, counting)
    for words, value in ((1, 0), (7, 0), (40, -1), (131, 1), (131, 0)):
        x = np.full((2, 32 * words), value) if value else draw(BINARY.x.domain, (2, 32 * words), "any", words)
        y = np.full((3, 32 * words), -value) if value else draw(BINARY.y.domain, (3, 32 * words), "any", words + 1)
        np.testing.assert_array_equal(result_of(*packed(tile, x, y)), on_numpy(product, x, y))
