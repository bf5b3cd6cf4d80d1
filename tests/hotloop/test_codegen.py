import os
import subprocess
import sys

import numpy as np
import pytest

from fatnn_bench.hotloop import codegen
from fatnn_kernels import PRODUCTS, driver
from fatnn_kernels.obstacle import obstacle


def run(name, rows=64, k=1152):
    """A product's tile, after a GEMM of ones ran on it."""
    x, y = (np.ones((count, k), np.float32) for count in (rows, 64))
    a, b = driver.pack_operands(PRODUCTS[name], x, y)
    driver.run(a, b, driver.empty_result(a, b))
    return a.tile


@pytest.mark.parametrize("name", [name for name, product in PRODUCTS.items() if product.way != "tiles"])
def test_the_work_of_an_iteration_is_what_it_loads(name):
    product, tile = PRODUCTS[name], run(name)
    loop = codegen.hot_loop(tile)
    assert loop.words >= 1
    assert loop.macs == loop.words * product.values_per_step * tile.rows * tile.columns
    operands = 4 * (product.words("x") * tile.rows + product.words("y") * tile.columns)
    table = tile.rows * product.step.table.codes * product.step.table.entries.shape[1] if product.way == "lookup" else 0
    assert loop.bytes_loaded == loop.words * (operands + table)
    assert loop.macs // 32 // tile.lanes <= len(loop.instructions) * product.values_per_step
    assert loop.mnemonics[-1].startswith(("j", "b"))


@pytest.mark.parametrize("name", ["int8-tiles", "ternary-tiles"])
def test_a_step_of_matrix_tiles_loads_each_operand_once(name):
    if lack := obstacle(PRODUCTS[name]):
        pytest.skip(lack)
    tile = run(name)
    loop = codegen.hot_loop(tile)
    assert loop.macs == loop.words * 64 * tile.rows * tile.columns
    assert loop.bytes_loaded == loop.words * 64 * (tile.rows + tile.columns)
    assert loop.mnemonics.count("tdpbssd") == loop.mnemonics.count("tileloadd") == 4 * loop.words
    assert codegen.describe(tile)["tiles"] == "amx"


def test_a_description_is_plain_and_short():
    described = codegen.describe(run("ternary-fatnn"))
    assert list(described)[-3:] == ["hot_loop", "instructions", "spills"]
    assert len(described["hot_loop"]) == 10
    assert set(described) >= {"vector_bits", "tile", "popcount", "counting"}
    assert "dot" in codegen.describe(run("int8"))


def test_spills_are_counted_by_llvms_comments():
    lines = ("vmovups\t%ymm6, 368(%rsp)  # 32-byte Spill", "vpaddb\t8(%rsp), %ymm0, %ymm0 # 32-byte Folded Reload")
    loop = codegen.HotLoop((*lines, "vpand\t8(%rsi), %ymm1, %ymm0"), 1, 1, 1)
    assert loop.spills == 2
    assert loop.mnemonics == ("vmovups", "vpaddb", "vpand")


def test_the_digest_is_of_mnemonics_alone():
    loops = [codegen.HotLoop((f"vpand\t%ymm{i}, %ymm1, %ymm0", "ret"), 1, 1, 1) for i in (2, 3)]
    assert loops[0].digest == loops[1].digest != codegen.HotLoop(("ret",), 1, 1, 1).digest


def test_what_has_not_run_cannot_be_read():
    from fatnn_kernels.tile import Tile

    with pytest.raises(LookupError, match="binary has not run in scope packed on the tile 3x5"):
        codegen.hot_loop(Tile(PRODUCTS["binary"], 3, 5, 4, "bytes"), "packed")


#: Prints the mnemonics of the hot loop, and, where Numba compiled it in this process, of all that it compiled.
_BOTH = """
import sys
sys.path.insert(0, {tests!r})
import test_codegen as t
from fatnn_bench.hotloop import codegen
from fatnn_kernels import gemm_loops
print(*codegen.hot_loop(t.run({name!r})).mnemonics)
if sys.argv[1] == "cold":
    (signature,) = gemm_loops.run_serial.signatures
    lines = [line.split("#")[0].strip() for line in gemm_loops.run_serial.inspect_asm(signature).splitlines()]
    print(*(line.split()[0] for line in lines if line and line[0] != "." and line[-1] != ":"))
"""


@pytest.mark.parametrize("name", ["ternary-fatnn", "int8"])
def test_it_is_what_numba_compiled_whether_from_the_cache_or_not(name, tmp_path):
    code = _BOTH.format(tests=os.path.dirname(__file__), name=name)
    environ = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}

    def printed(how):
        command = [sys.executable, "-W", "error", "-c", code, how]
        return subprocess.run(command, capture_output=True, text=True, env=environ, check=True).stdout.splitlines()

    cold, compiled = printed("cold")
    (warm,) = printed("warm")
    assert cold == warm
    assert cold in compiled
