"""The kernels of a GPU, under Numba's CUDA simulator, and the choice of their tiles; those for tensor cores apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatnn_kernels import PRODUCTS as CPU_PRODUCTS
from fatnn_kernels.cuda import PRODUCTS
from fatnn_kernels.cuda.tile import MOST_ACCUMULATORS, CudaTile, choose_tile

SIZES = st.integers(1, 10**5)
IN_LANES = {name: product for name, product in PRODUCTS.items() if product.way != "tensor"}


@pytest.mark.parametrize("name", IN_LANES)
def test_the_simulator_computes_what_the_oracle_computes(name, simulate):
    simulate(
        [
            (name, "wide", 3, 17, 2, "any"),
            (name, "odd", 7, 5, 7, "any"),
            (name, "odd", 1, 1, 1, "extreme"),
            (name, "square", 9, 11, 10, "mostly zero"),
            (name, None, 2, 3, 2, "extreme"),
        ]
    )


def test_there_are_the_same_products_as_on_the_cpu_but_those_by_its_shuffles_and_tiles():
    assert list(IN_LANES) == [name for name, product in CPU_PRODUCTS.items() if product.way not in ("lookup", "tiles")]
    assert PRODUCTS["int8"].values_per_step == 4


@pytest.mark.parametrize("product", IN_LANES.values(), ids=IN_LANES)
@given(m=SIZES, n=SIZES, multiprocessors=st.integers(1, 200))
def test_a_chosen_tile_covers_the_result_and_fits_a_multiprocessor(product, m, n, multiprocessors):
    tile = choose_tile(product, m, n, multiprocessors)
    across, down = tile.grid(m, n)
    assert (down - 1) * tile.rows < m <= down * tile.rows
    assert (across - 1) * tile.columns < n <= across * tile.columns
    shared = 4 * tile.depth * (product.words("x") * tile.rows + product.words("y") * tile.columns)
    assert shared <= 48 * 1024, "more than a block gets without asking"
    results = tile.thread_rows * tile.thread_columns
    assert product.accumulators * results <= MOST_ACCUMULATORS[product.way]
    assert tile.depth % tile.unrolled == 0


def test_small_results_are_shared_by_more_multiprocessors():
    product = PRODUCTS["binary"]
    small, large = (choose_tile(product, size, size, multiprocessors=132) for size in (64, 8192))
    assert small.rows * small.columns < large.rows * large.columns
    assert isinstance(small, CudaTile)
