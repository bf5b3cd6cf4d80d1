"""Measuring what the machine can do: each product's own step in registers, and reading from every level of memory.

On one thread. ``python -m fatnn_bench.harness.measure_limits`` prints the result as JSON:
:func:`fatnn_bench.launch.probe.ask`.
"""

import json
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from fatnn_bench import machine
from fatnn_bench.harness import timing
from fatnn_bench.limits.measured import Bandwidth, ProductLimit
from fatnn_bench.statistics import medians
from fatnn_kernels import PRODUCTS
from fatnn_kernels.bandwidth import ReadStream
from fatnn_kernels.limit import RegisterLoop, limit_tile
from fatnn_kernels.obstacle import obstacle

__all__ = ["bandwidth_sizes", "measure"]

#: Many short samples: a disturbed one does not move the median.
_ROUNDS, _SAMPLE_S = 21, 0.005
#: Bytes read as memory where no cache is known.
_MEMORY_BYTES = 1 << 28


class _Loop(Protocol):
    def run(self, loops: int) -> None: ...


def measure(rounds: int = _ROUNDS, sample_s: float = _SAMPLE_S) -> tuple[list[ProductLimit], list[Bandwidth]]:
    """Measure the products and the levels of memory on this process's target.

    Parameters
    ----------
    rounds
        Samples of each, taken in turns, in a fresh random order.
    sample_s
        Seconds that a sample lasts.
    """
    tiles = {name: limit_tile(product) for name, product in PRODUCTS.items() if not obstacle(product)}
    registers = {name: RegisterLoop(tile) for name, tile in tiles.items()}
    streams = {level: ReadStream(size) for level, size in bandwidth_sizes(machine.describe()).items()}
    seconds = _seconds({**registers, **streams}, rounds, sample_s)
    products = [
        ProductLimit(name, f"{tile.rows}x{tile.vectors}", *_rate(registers[name].macs, seconds[name]))
        for name, tile in tiles.items()
    ]
    levels = [Bandwidth(level, stream.bytes, *_rate(stream.bytes, seconds[level])) for level, stream in streams.items()]
    return products, levels


def bandwidth_sizes(described: Mapping[str, Any]) -> dict[str, int]:
    """Return the bytes to read for each level: half of each cache, and 4 times the last one for memory.

    Parameters
    ----------
    described
        A :func:`fatnn_bench.machine.describe`. Memory alone is left where it tells no caches.
    """
    caches = {
        level.removesuffix("d"): size for level, size in (described["caches_bytes"] or {}).items() if level != "L1i"
    }
    sizes = {level: size // 2 for level, size in sorted(caches.items())}
    last = max(caches.values(), default=_MEMORY_BYTES // 4)
    return sizes | {"memory": min(4 * last, described["memory_bytes"] // 4)}


def _seconds(work: Mapping[str, _Loop], rounds: int, sample_s: float) -> dict[str, list[float]]:
    """Seconds a call of each, a sample a round."""
    loops = {name: timing.calibrate(each.run, sample_s) for name, each in work.items()}
    samples: dict[str, list[float]] = {name: [] for name in work}
    order = random.Random(0)
    for _ in range(rounds):
        for name in order.sample(list(work), len(work)):
            work[name].run(1)  # the others' data were in the caches
            samples[name].append(timing.seconds(work[name].run, loops[name]) / loops[name])
    return samples


def _rate(amount: int, seconds: Sequence[float]) -> tuple[float, float, float]:
    """The median of 10⁹ amounts a second, and its 95% interval."""
    low, high = medians.interval(seconds)
    return tuple(amount / each * 1e-9 for each in (statistics.median(seconds), high, low))  # type: ignore[return-value]


def _main() -> None:
    products, bandwidths = measure()
    record = {
        "machine": machine.describe(),
        "products": [asdict(product) for product in products],
        "bandwidths": [asdict(bandwidth) for bandwidth in bandwidths],
    }
    print(json.dumps(record))


if __name__ == "__main__":
    _main()
