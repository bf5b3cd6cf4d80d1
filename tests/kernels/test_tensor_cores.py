"""Products for tensor cores: their identity on NumPy and SIMD, fragments in the simulator, and what is compiled."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from emulated_tensor_cores import LANES, add_and_popcounts
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import KINDS, SEEDS, assert_product, operands

from fatnn_kernels import gemm
from fatnn_kernels.catalogue import TENSOR_PRODUCTS
from fatnn_kernels.cuda.tensor_tile import SHAPES, SHARED_BYTES, TensorTile, choose_tensor_tile

FOLDER = Path(__file__).parent
BY_NAME = {product.name: product for product in TENSOR_PRODUCTS}
SIZES = st.integers(1, 10**5)
MMA = "mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32.and.popc"
every_product = pytest.mark.parametrize("product", TENSOR_PRODUCTS, ids=BY_NAME)


@every_product
@settings(max_examples=20)
@given(n=st.integers(1, 40), k=st.integers(1, 300), kind=KINDS, seed=SEEDS)
def test_vectors_count_what_tensor_cores_would(product, n, k, kind, seed):
    x, y = operands(product, 4, n, k, kind, seed)
    assert_product(product, gemm(product, x, y), x, y)


def test_ands_are_as_few_as_they_can_be():
    ands = {product.precision: len(product.step.weights) for product in TENSOR_PRODUCTS}
    assert ands == {"two-bit": 4, "ternary": 3, "ternary-binary": 2, "binary": 1}


@given(seed=SEEDS)
def test_an_emulated_instruction_counts_the_ones_of_rows_and_columns(seed):
    """Words of rows and columns as NVIDIA's own examples place them: of lane 4g + t, words t and t + 4."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 2**32, (16, 8), np.uint32), rng.integers(0, 2**32, (8, 8), np.uint32)
    a = [[x[g, t], x[g + 8, t], x[g, t + 4], x[g + 8, t + 4]] for g in range(8) for t in range(4)]
    b = [[y[g, t], y[g, t + 4]] for g in range(8) for t in range(4)]
    c = rng.integers(-9, 9, (LANES, 4))
    ones = np.bitwise_count(x[:, None] & y[None]).sum(-1, dtype=np.int64)
    added = [[ones[r, 2 * t], ones[r, 2 * t + 1]] for g in range(8) for t in range(4) for r in (g, g + 8)]
    np.testing.assert_array_equal(add_and_popcounts(c, a, b), c + np.reshape(added, (LANES, 4)))


@pytest.mark.parametrize("name", BY_NAME)
def test_fragments_are_multiplied_right_by_emulated_tensor_cores(name, simulate):
    simulate([(name, "one", 3, 9, 50, "any"), (name, "one", 17, 3, 1, "extreme")])


@pytest.mark.parametrize("name", ["ternary-tensor", "ternary-binary-tensor"])
def test_warps_share_a_block(name, simulate):
    simulate([(name, "many", 33, 9, 9, "any")])


@pytest.mark.parametrize(
    ("name", "geometry", "tile"),
    [  # batch, height, width, channels in and out, kernel, stride, padding
        ("ternary-tensor", (1, 4, 5, 33, 10, 3, 1, 1), "one"),
        ("binary-tensor", (2, 4, 3, 128, 5, 3, 2, 1), "one"),
        ("ternary-binary-tensor", (1, 4, 4, 130, 9, 2, 1, 0), "one"),
        ("two-bit-tensor", (3, 1, 1, 70, 9), "one"),
    ],
)
def test_layers_are_convolved_right_without_im2col(name, geometry, tile, simulate):
    simulate([(name, geometry, tile)])


@every_product
@given(m=SIZES, n=SIZES, multiprocessors=st.integers(1, 200))
def test_a_chosen_tile_covers_the_result_and_fits_a_multiprocessor(product, m, n, multiprocessors):
    tile = choose_tensor_tile(product, m, n, multiprocessors)
    across, down = tile.grid(m, n)
    assert (down - 1) * tile.rows < m <= down * tile.rows
    assert (across - 1) * tile.columns < n <= across * tile.columns
    assert 4 * tile.stages * (tile.stage_words("x") + tile.stage_words("y")) <= SHARED_BYTES
    assert tile.stages >= 3, "loads of a stage would wait for the products of the one before"


@every_product
def test_small_results_are_shared_by_more_multiprocessors(product):
    small, large = (choose_tensor_tile(product, size, size, multiprocessors=132) for size in (64, 8192))
    assert small.rows * small.columns < large.rows * large.columns
    assert (large.fragments_y, large.fragments_x) == SHAPES[0]


#: What is compiled for each compute capability: once each, for it takes seconds.
COMPILED = {
    (8, 0): ["binary-tensor", "ternary-binary-tensor", "binary-tensor/layer"],
    (9, 0): ["ternary-tensor", "two-bit-tensor"],
}


@pytest.fixture(scope="module", params=COMPILED, ids=["8.0", "9.0"])
def compiled(request):
    """PTX by kernel."""
    if find_spec("numba_cuda") is None:
        pytest.skip("numba-cuda is not installed")
    names = COMPILED[request.param]
    command = [sys.executable, FOLDER / "compiled_cuda.py", json.dumps(request.param), *names]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=200)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return "sm_{}{}".format(*request.param), json.loads(done.stdout)


def test_all_products_of_a_slice_are_instructions_of_the_tensor_cores_on_registers(compiled):
    target, by_kernel = compiled
    multiplying = {kernel: ptx for kernel, ptx in by_kernel.items() if kernel.removesuffix("/layer") in BY_NAME}
    assert len(multiplying) >= 2
    for kernel, ptx in multiplying.items():
        tile = TensorTile(BY_NAME[kernel.removesuffix("/layer")], *SHAPES[0])
        fragments = tile.fragments_y * tile.fragments_x * len(tile.ands.weights)
        assert f".target {target}" in ptx
        assert ptx.count(MMA) in (fragments, tile.depth * fragments), kernel
        assert ".local" not in ptx, f"{kernel}: sums in memory"
        assert not re.search(r"\b(popc|call)\b", ptx.replace(MMA, "")), f"{kernel}: more than it should do"
        assert "cp.async.cg.shared.global" in ptx
        assert "ldmatrix.sync.aligned.m8n8.x4.shared.b16" in ptx


def test_the_limit_is_a_loop_of_them_alone(compiled):
    _, by_kernel = compiled
    loop = max(re.split(r"^\$L\w+:$", by_kernel["limit"], flags=re.MULTILINE), key=len)
    instructions = re.findall(r"^\t(?:@\S+ )?([a-z]\w*)", loop, flags=re.MULTILINE)
    assert instructions.count("mma") > 0.9 * len(instructions)
    assert not {"ld", "st"} & set(instructions)


@pytest.mark.skipif(shutil.which("ptxas") is None, reason="NVIDIA's assembler ptxas is not on the PATH")
def test_registers_hold_all_sums(compiled, tmp_path):
    target, by_kernel = compiled
    for name, ptx in by_kernel.items():
        (tmp_path / "kernel.ptx").write_text(ptx)
        command = ["ptxas", f"-arch={target}", "-v", "-o", os.devnull, tmp_path / "kernel.ptx"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        assert "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" in said, name
