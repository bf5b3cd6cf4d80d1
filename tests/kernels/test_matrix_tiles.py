"""Matrix tiles: the same results from the CPU's own, from emulated ones, and from NumPy; and what they take."""

import ctypes
import errno
import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import KINDS, SEEDS, assert_product, on_numpy, operands
from test_convolution import made

from fatnn_bench.contenders.catalog import contenders
from fatnn_bench.workload.layers import bare_gemm
from fatnn_kernels import amx, driver, obstacle, target
from fatnn_kernels.geometry import Geometry
from fatnn_kernels.int8_tiles import INT8_TILES
from fatnn_kernels.limit import RegisterLoop
from fatnn_kernels.matrix_tiles import COLUMNS, ROWS
from fatnn_kernels.packing import pack
from fatnn_kernels.ternary_tiles import TERNARY_TILES, unpacked
from fatnn_kernels.tile import Tile
from fatnn_kernels.trit_code import TritBytes, TritPairs

TILED = (INT8_TILES, TERNARY_TILES)
tiled = pytest.mark.parametrize("product", TILED, ids=repr)
HERE = target.current_target()
SIZES = st.sampled_from([1, 31, 32, 33, 64, 70])


def emulated(product):
    return Tile(product, ROWS, COLUMNS // HERE.lanes, HERE.lanes, "emulated")


def multiplied(tile, x, y, threads=1):
    a, b = pack(tile, "x", x), pack(tile, "y", y)
    c = driver.empty_result(a, b)
    driver.run(a, b, c, threads=threads)
    return c[: len(x), : len(y)]


@tiled
@settings(max_examples=25)
@given(m=SIZES, n=SIZES, k=SIZES | st.sampled_from([127, 300, 1500]), kind=KINDS, seed=SEEDS)
def test_emulated_tiles_and_numpy_compute_the_same(product, m, n, k, kind, seed):
    x, y = operands(product, m, n, k, kind, seed)
    got = multiplied(emulated(product), x, y)
    assert_product(product, got, x, y)
    np.testing.assert_array_equal(got, on_numpy(product, x, y))


@tiled
@pytest.mark.parametrize(("rows", "columns"), [(32, 16), (32, 64), (31, 32), (64, 32), (1, 32)])
def test_a_tile_that_is_no_block_is_refused(product, rows, columns):
    """Panels are of one width: code for another would read and write beside them."""
    tile = Tile(product, rows, columns // 4, 4, "emulated")
    with pytest.raises(ValueError, match=f"a tile of {rows} rows and {columns} columns; expected 32 columns"):
        multiplied(tile, *operands(product, 3, 5, 64))


@tiled
@pytest.mark.parametrize("shape", [(200, 70, 4608), (70, 700, 2000), (32, 32, 20000)])
@pytest.mark.parametrize("unit", ["emulated", HERE.tile_unit])
def test_panels_that_fit_no_room_and_many_that_do(product, shape, unit):
    x, y = operands(product, *shape)
    assert_product(product, multiplied(replace(emulated(product), counting=unit), x, y), x, y)


@tiled
@pytest.mark.parametrize("channels", [1, 3, 4, 16, 17, 61, 64, 100])
@pytest.mark.parametrize("unit", ["emulated", "amx"])
def test_taps_are_joined_whatever_the_channels(product, channels, unit, monkeypatch):
    monkeypatch.setattr(
        "fatnn_kernels.convolution.current_target",
        lambda: replace(HERE, tile_unit="emulated" if unit == "emulated" else HERE.tile_unit),
    )
    convolution, image, right = made(product, Geometry(2, 9, 7, channels, 40, 3, 2, 1), "any", channels)
    c = convolution.empty_result()
    convolution.layer(image, convolution.empty_image(), c)
    np.testing.assert_array_equal(convolution.result(c), right)
    pixel = 32 if product is TERNARY_TILES else 4
    joined = 9 * -(-channels // pixel) * pixel
    assert convolution._weights.shape[1] == -(-joined // 64)


@tiled
@pytest.mark.parametrize(
    ("height", "width", "unit"),
    [(13, 13, "amx"), (3, 28, "amx"), (5, 16, "amx"), (7, 7, "amx"), (13, 13, "emulated"), (7, 7, "emulated")],
)
def test_rows_are_read_where_they_lie_if_a_row_of_pixels_is_whole_tiles(product, height, width, unit, monkeypatch):
    monkeypatch.setattr(
        "fatnn_kernels.convolution.current_target",
        lambda: replace(HERE, tile_unit="emulated" if unit == "emulated" else HERE.tile_unit),
    )
    convolution, image, right = made(product, Geometry(1, height, width, 64, 70, 3, 1, 1), "any", width)
    assert (convolution._rooms is None) == (width != 7)
    assert convolution.tile.rows == {13: 26, 28: 28, 16: 32, 7: 32}[width]
    c = convolution.empty_result()
    threads = 2 if convolution._rooms is not None and unit == "amx" else 1  # of rooms of their own
    convolution.layer(image, convolution.empty_image(), c, threads=threads)
    np.testing.assert_array_equal(convolution.result(c), right)
    if product.x.codec.levels:
        thresholds = np.sort(np.random.default_rng(0).integers(-9, 9, (2, 70)), axis=0).astype(np.int32)
        packed, out = convolution.empty_image(), convolution.empty_next_image()
        convolution.quantise(image, packed)
        convolution.fused(packed, thresholds, out)
        trits = (right[..., None] >= thresholds.T).sum(-1) - 1
        np.testing.assert_array_equal(product.x.codec.decode(out, 70), trits)


def test_rows_of_a_step_lie_side_by_side():
    x, _ = operands(INT8_TILES, 40, 1, 100)
    packed = pack(emulated(INT8_TILES), "x", x)
    items = packed.words.view(np.int8)
    assert items.shape == (2, 2, 32, 64)
    for row, k in ((0, 0), (0, 99), (31, 64), (39, 5)):
        assert items[row // 32, k // 64, row % 32, k % 64] == x[row, k]
    assert not items[1, :, 8:].any()
    assert not items[:, 1, :, 36:].any()


def test_every_word_of_weights_becomes_bytes_without_a_borrow():
    values = np.array(np.meshgrid(*[[-1, 0, 1]] * 4)).reshape(4, -1).T  # every four
    for i in range(4):
        sixteen = np.roll(np.pad(values, ((0, 0), (0, 12))), 4 * i, axis=1)
        words = TritPairs().encode(sixteen)[0, :, 0]
        np.testing.assert_array_equal(unpacked(words, i)[:, None].view(np.int8), values)


def test_floats_become_bytes_by_thresholds():
    code = TritBytes()
    assert code.filler(np.array([-0.5, 0.5], np.float32)) == -0.5
    values = np.array([[-1, 0, 1, 1, -1]])
    np.testing.assert_array_equal(code.decode(code.encode(values)[0, :, :, None], 5), values)


@tiled
def test_the_limit_of_emulated_tiles_is_that_of_tiles(product):
    loops = [RegisterLoop(replace(emulated(product), counting=unit)) for unit in ("emulated", HERE.tile_unit)]
    for loop in loops:
        loop.run(1)
        assert loop.macs == ROWS * COLUMNS * 64 * 1024
    np.testing.assert_array_equal(*(loop._c for loop in loops))


@tiled
@pytest.mark.parametrize("threads", [1, 2])
def test_each_thread_has_tiles(product, threads):
    x, y = operands(product, 100, 100, 300)
    for _ in range(3):
        assert_product(product, multiplied(replace(emulated(product), counting=HERE.tile_unit), x, y, threads), x, y)


@pytest.fixture
def _asked_anew():
    yield amx.refusal.cache_clear()
    amx.refusal.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
def test_a_kernel_that_refuses_is_quoted(monkeypatch):
    class Libc:
        @staticmethod
        def syscall(number, request, feature):
            assert (number, request, feature) == (158, 0x1023, 18)
            ctypes.set_errno(errno.EOPNOTSUPP)
            return -1

    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno: Libc)
    words = os.strerror(errno.EOPNOTSUPP)
    assert amx.refusal() == f"the kernel refuses the registers of matrix tiles (AMX): {words}"


@pytest.mark.parametrize(
    ("features", "refused", "reason"),
    [
        ("+avx2,-amx-int8", "", "no matrix tiles (AMX): of this CPU, LLVM lists no feature amx-int8"),
        ("+amx-tile,+amx-int8", "the kernel refuses", "the kernel refuses"),
    ],
)
@tiled
def test_kernels_by_tiles_are_skipped_with_what_is_missing(product, features, refused, reason, monkeypatch):
    monkeypatch.setattr(obstacle, "current_target", lambda: replace(HERE, features=features, tile_unit="emulated"))
    monkeypatch.setattr(amx, "refusal", lambda: refused)
    for scope in ("kernel", "layer"):
        assert contenders(scope)[product.name].skip_reason(bare_gemm(64, 64, 64)) == reason
