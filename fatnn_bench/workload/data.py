"""The operands of a case: drawn from the domain of its kernel, the same for every kernel of that domain."""

import zlib
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.product import Domain

#: How the values are laid out. The last three are what breaks kernels that random data lets pass.
Pattern = Literal["random", "lowest", "highest", "alternating"]
PATTERNS: tuple[Pattern, ...] = ("random", "lowest", "highest", "alternating")


def draw(domain: Domain, rows: int, k: int, seed: int, name: str, pattern: Pattern = "random") -> NDArray[Any]:
    """Values of a domain, [rows, k]: int8, or float32 in [−1, 1] where the domain is not of whole numbers.

    Parameters
    ----------
    seed, name
        Together they fix the random values: the seed of the run, and a name such as ``resnet18.conv2_x/x``.
    """
    low, high = (domain.low, domain.high) if domain.integral else (-1.0, 1.0)
    dtype = np.int8 if domain.integral else np.float32
    if pattern == "random":
        return _random(domain, rows, k, np.random.default_rng([seed, zlib.crc32(f"{name}/{domain.name}".encode())]))
    values = np.full((rows, k), high if pattern == "highest" else low, dtype)
    if pattern == "alternating":
        values[:, 1::2] = high
    return values


def _random(domain: Domain, rows: int, k: int, rng: np.random.Generator) -> NDArray[Any]:
    if not domain.integral:
        return rng.uniform(-1, 1, (rows, k)).astype(np.float32)
    allowed = np.arange(domain.low, domain.high + 1)
    allowed = allowed[allowed != domain.excluded].astype(np.int8)
    return np.asarray(allowed[rng.integers(len(allowed), size=(rows, k), dtype=np.uint8)])
