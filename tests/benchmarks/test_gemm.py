"""The kernels' speed on ResNet-18's 3×3 layers as GEMMs, one thread, packed operands.

A row is one call from Python, whose part the suite's own rows do not have.
Not run by default; name the folder: ``pytest tests/benchmarks --benchmark-only``.
"""

import math
import time

import numpy as np
import pytest

from fatnn_kernels import PRODUCTS, driver, pack_operands
from fatnn_kernels.obstacle import obstacle

#: M, N, K of the 3×3 convolutions: output pixels, output channels, taps × input channels.
SHAPES = {
    "conv2_x": (3136, 64, 576),
    "conv3_x": (784, 128, 1152),
    "conv4_x": (196, 256, 2304),
    "conv5_x": (49, 512, 4608),
}
#: The least that a round lasts, and how many there are.
ROUND_S, ROUNDS = 0.01, 20


def values(domain, shape, rng):
    if not domain.integral:
        return rng.normal(size=shape).astype(np.float32)
    drawn = rng.integers(int(domain.low), int(domain.high) + 1, shape, dtype=np.int8)
    return drawn if domain.excluded is None else np.where(drawn == domain.excluded, 1, drawn)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PRODUCTS)
def test_gemm(benchmark, name, shape):
    product, (m, n, k) = PRODUCTS[name], SHAPES[shape]
    if lacks := obstacle(product):
        pytest.skip(lacks)
    rng = np.random.default_rng(0)
    a, b = pack_operands(product, values(product.x.domain, (m, k), rng), values(product.y.domain, (n, k), rng))
    c = driver.empty_result(a, b)
    driver.run(a, b, c)  # compiles
    start = time.perf_counter()
    driver.run(a, b, c)
    calls = math.ceil(ROUND_S / (time.perf_counter() - start))
    benchmark.group = f"{shape}, {m}×{n}×{k}"
    benchmark.pedantic(driver.run, (a, b, c), iterations=calls, rounds=ROUNDS, warmup_rounds=1)
    if benchmark.enabled:
        benchmark.extra_info["gmacs_per_s"] = m * n * k / benchmark.stats["median"] / 1e9
