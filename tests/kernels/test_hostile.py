"""Public functions given anything: the right result or a ValueError, and never a crash. Each run is a process.

``FATNN_HOSTILE_CASES`` sets how many calls are tried, 400 if it is not set.
"""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from fatnn_kernels import FLOAT32, INT8, TERNARY_BINARY, TERNARY_FATNN, driver, gemm, interleaved, steps
from fatnn_kernels.convolution import Convolution
from fatnn_kernels.geometry import Geometry

CASES = int(os.environ.get("FATNN_HOSTILE_CASES", "400"))
TRIED = (FLOAT32, INT8, TERNARY_FATNN, TERNARY_BINARY)
M, N, K = 3, 5, 40


def unaligned(array):
    room = np.zeros(array.nbytes + 1, np.uint8)[1:]
    room[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return room.view(array.dtype).reshape(array.shape)


def read_only(array):
    frozen = array.copy()
    frozen.flags.writeable = False
    return frozen


#: What may become of an array that fits. The values are kept by the first few.
CHANGES = {
    "kept": lambda a: a,
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "Fortran order": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "reversed twice": lambda a: a[::-1].copy()[::-1],
    "read-only": read_only,
    "unaligned": unaligned,
    "float64": lambda a: a.astype(np.float64),
    "int64": lambda a: a.astype(np.int64),
    "broadcast": lambda a: np.broadcast_to(a[:1], a.shape),
    "zeros": np.zeros_like,
    "a column less": lambda a: a[..., :-1],
    "a dimension more": lambda a: a[None],
    "flat": np.ravel,
    "no row": lambda a: a[:0],
    "no dimension": lambda a: np.array(a.flat[0]),
    "not a number": lambda a: np.full(a.shape, np.nan),
    "enormous": lambda a: np.full(a.shape, 3e38),
    "infinite": lambda a: np.full(a.shape, np.inf),
    "complex": lambda a: a.astype(complex),
    "bool": lambda a: a.astype(bool),
    "objects": lambda a: a.astype(object),
    "text": lambda a: a.astype(str),
    "enormous K": lambda a: np.broadcast_to(a[:1, :1], (1, 2**34)) if a.ndim == 2 else a[None],
    "a list": lambda a: a.tolist(),
    "nothing": lambda a: None,
}


def try_gemm(rng, change):
    """Values in any layout and type are multiplied as they are, or refused."""
    product = TRIED[rng.integers(len(TRIED))]
    x, y = rng.choice([-1, 1], (M, K)).astype(np.float32), rng.choice([-1, 1], (N, K)).astype(np.float32)
    if rng.integers(2):
        x = change(x)
    else:
        y = change(y)
    got = gemm(product, x, y)
    return np.array_equal(got, np.asarray(x, float) @ np.asarray(y, float).T)


def try_result(rng, change):
    """A result that does not fit, and operands made by hand."""
    product = TRIED[rng.integers(len(TRIED))]
    x, y = rng.choice([-1, 1], (M, K)).astype(np.float32), rng.choice([-1, 1], (N, K)).astype(np.float32)
    a, b = driver.pack_operands(product, x, y)
    c = driver.empty_result(a, b)
    match rng.integers(6):
        case 0:
            c = change(c)
        case 1:
            a = replace(a, words=change(a.words))
        case 2:
            b = replace(b, term=change(b.term))
        case 3:
            a = replace(a, **{("count", "k")[rng.integers(2)]: int(rng.integers(-5, 5000))})
        case 4:
            c = b.words.reshape(-1)[: c.size].view(product.dtype).reshape(c.shape)
        case 5:
            a, b = b, a
    if not (isinstance(c, np.ndarray) and c.shape):
        c = np.asarray(c)
    driver.run(a, b, c)
    return (
        np.array_equal(c[:M, :N], x @ y.T)
        or a.words.tobytes() != driver.pack_operands(product, x, y)[0].words.tobytes()
    )


G = Geometry(1, 5, 5, 33, 32, 3, 1, 1)
CONVOLUTION = Convolution(TERNARY_FATNN, G, np.random.default_rng(1).integers(-1, 2, (32, 3, 3, 33)), (-0.5, 0.5))
IMAGE = np.random.default_rng(2).standard_normal((1, 5, 5, 33), dtype=np.float32)


def sums_of(image):
    packed, c = CONVOLUTION.empty_image(), CONVOLUTION.empty_result()
    CONVOLUTION.layer(image, packed, c)
    return CONVOLUTION.result(c).copy()


RIGHT = sums_of(IMAGE)


def try_convolution(rng, change):
    """One of the arrays of a layer does not fit."""
    arrays = [IMAGE, CONVOLUTION.empty_image(), CONVOLUTION.empty_result()]
    which = int(rng.integers(3))
    arrays[which] = change(arrays[which])
    before = [IMAGE, CONVOLUTION.empty_image()][which] if which < 2 else None
    same = before is None or (isinstance(arrays[which], np.ndarray) and np.array_equal(arrays[which], before))
    CONVOLUTION.layer(*arrays)
    return not same or np.array_equal(CONVOLUTION.result(arrays[2]), RIGHT)  # other values have other sums


def try_fused(rng, change):
    packed, out = CONVOLUTION.empty_image(), np.zeros((1, 5, 5, 1, 2), np.uint32)
    CONVOLUTION.quantise(IMAGE, packed)
    arrays = [packed, np.stack([np.full(32, -2), np.full(32, 3)]).astype(np.int32), out]
    which = int(rng.integers(3))
    arrays[which] = change(arrays[which])
    CONVOLUTION.fused(*arrays)
    levels = (RIGHT >= -2).astype(int) + (RIGHT >= 3) - 1
    return which < 2 or np.array_equal(TERNARY_FATNN.x.codec.decode(arrays[2], 32), levels)


def try_activations(rng, change):
    packed = CONVOLUTION.empty_image()
    CONVOLUTION.quantise(IMAGE, packed)
    arrays = [packed, np.ones((3, 32), np.float32), np.ones(RIGHT.shape, np.float32), np.empty(RIGHT.shape, np.float32)]
    which = int(rng.integers(4))
    arrays[which] = change(arrays[which])
    packed, affine, skip, out = arrays
    steps.activations(CONVOLUTION, packed, affine, skip, False, out, 1)(1)
    return which < 3 or np.array_equal(out, RIGHT + np.float32(2))


def try_pooled(rng, change):
    image, out = IMAGE, np.empty((1, 2, 2, 33), np.float32)
    image, out = (change(image), out) if rng.integers(2) else (image, change(out))
    steps.pooled(image, out, 2, 2, 0)(1)
    windows = np.lib.stride_tricks.sliding_window_view(image, (2, 2), axis=(1, 2))[:, ::2, ::2].max(axis=(-2, -1))
    return np.array_equal(out, windows, equal_nan=True)


def try_classified(rng, change):
    arrays = [IMAGE, np.ones((4, 33), np.float32), np.zeros(4, np.float32), np.empty((1, 4), np.float32)]
    which = int(rng.integers(4))
    arrays[which] = change(arrays[which])
    steps.classified(*arrays)(1)
    image, weights, bias, logits = arrays
    right = image.mean(axis=(1, 2), dtype=float) @ weights.T.astype(float) + bias
    return np.allclose(logits, right, rtol=1e-5, atol=1e-5, equal_nan=True)


def try_interleaved(rng, change):
    x, w = rng.integers(-1, 2, (2, K)).astype(np.int8)
    words = [interleaved.encode_x(x), interleaved.encode_w(w)]
    which = int(rng.integers(2))
    words[which] = change(words[which])
    n = K if rng.integers(3) else int(rng.integers(-3, 2**31))
    got = interleaved.inner_product(*words, n)
    return n != K or not np.array_equal(words, [interleaved.encode_x(x), interleaved.encode_w(w)]) or got == int(x @ w)


TRIALS = (
    try_gemm, try_result, try_convolution, try_fused, try_activations, try_pooled, try_classified, try_interleaved
)  # fmt: skip


def main(seed, count):
    """Print what went wrong, a line each."""
    rng = np.random.default_rng(seed)
    refused = 0
    for i in range(count):
        trial, name = TRIALS[i % len(TRIALS)], list(CHANGES)[rng.integers(len(CHANGES))]
        print(i, trial.__name__, name, file=sys.stderr, flush=True)  # the last one, should it crash
        try:
            if not trial(rng, CHANGES[name]):
                print(f"{i}: {trial.__name__}, {name}: a wrong result")
        except ValueError:
            refused += 1
        except Exception as error:
            print(f"{i}: {trial.__name__}, {name}: {type(error).__name__}: {error}")
    assert 0 < refused < count


@pytest.mark.parametrize("seed", [0, 1])
def test_anything_gives_the_right_result_or_a_value_error(seed):
    command = [sys.executable, "-X", "faulthandler", __file__, str(seed), str(CASES // 2)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr[-2000:]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
