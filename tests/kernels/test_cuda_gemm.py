"""The kernels of a GPU, under Numba's CUDA simulator, and the choice of their tiles."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatnn_kernels import PRODUCTS as CPU_PRODUCTS
from fatnn_kernels.cuda import PRODUCTS
from fatnn_kernels.cuda.tile import MOST_ACCUMULATORS, CudaTile, choose_tile

FOLDER = Path(__file__).parent
needs_numba_cuda = pytest.mark.skipif(find_spec("numba_cuda") is None, reason="numba-cuda is not installed")
SIZES = st.integers(1, 10**5)


def simulate(cases):
    """Check cases in a process that has the simulator for a GPU."""
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": os.pathsep.join([str(FOLDER), *sys.path])}
    command = [sys.executable, "-W", "error", FOLDER / "simulated_cuda.py", json.dumps(cases)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100)
    assert done.returncode == 0, done.stderr


@needs_numba_cuda
@pytest.mark.parametrize("name", PRODUCTS)
def test_the_simulator_computes_what_the_oracle_computes(name):
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
    assert list(PRODUCTS) == [name for name, product in CPU_PRODUCTS.items() if product.way not in ("lookup", "tiles")]
    assert PRODUCTS["int8"].values_per_step == 4


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
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
