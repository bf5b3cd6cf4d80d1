import pytest

from fatnn_bench.harness import measure_limits
from fatnn_kernels import PRODUCTS
from fatnn_kernels.obstacle import obstacle

CACHES = {"L1d": 32768, "L1i": 65536, "L2": 1 << 20, "L3": 1 << 25}


@pytest.mark.parametrize(
    ("caches", "memory", "expected"),
    [
        (CACHES, 1 << 34, {"L1": 16384, "L2": 1 << 19, "L3": 1 << 24, "memory": 1 << 27}),
        ({"L1d": 32768}, 1 << 34, {"L1": 16384, "memory": 131072}),
        (None, 1 << 34, {"memory": 1 << 28}),
        (None, 1 << 28, {"memory": 1 << 26}),
    ],
)
def test_half_of_each_cache_and_four_times_the_last(caches, memory, expected):
    assert measure_limits.bandwidth_sizes({"caches_bytes": caches, "memory_bytes": memory}) == expected


def test_every_product_and_level_is_measured(monkeypatch):
    monkeypatch.setattr(measure_limits, "bandwidth_sizes", lambda described: {"L1": 4096, "memory": 1 << 16})
    products, bandwidths = measure_limits.measure(rounds=3, sample_s=1e-5)
    assert [one.kernel for one in products] == [name for name, product in PRODUCTS.items() if not obstacle(product)]
    assert [(one.level, one.buffer_bytes) for one in bandwidths] == [("L1", 4096), ("memory", 1 << 16)]
    assert all(0 < one.ci_low <= one.gmacs_per_s <= one.ci_high for one in products)
    assert all(0.1 < one.gbytes_per_s < 10_000 for one in bandwidths)
