"""The problem of a whole network: its program, an image, and the right logits."""

import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.architectures.description import DESCRIPTIONS, Description
from fatnn_bench.engine.program import Program
from fatnn_bench.engine.reference import logits
from fatnn_bench.engine.untrained import LOW_BIT, untrained
from fatnn_bench.workload import data
from fatnn_bench.workload.layers import Layer
from fatnn_kernels.product import Domain


def problem_of(
    layer: Layer, domain: Domain, seed: int, pattern: data.Pattern
) -> tuple[Program, NDArray[np.uint8], NDArray[np.float32]]:
    """Return the program of kernels of a domain, pixels [batch, height, width, channels], and the right logits.

    Domains that no low-bit network is of have the float32 one.
    """
    program = untrained(_description(layer), LOW_BIT.get(domain), seed)
    pixels = _pixels(layer, seed, pattern)
    return program, pixels, logits(program, pixels)


def _description(layer: Layer) -> Description:
    """The network that a layer of kind ``network`` stands for, on its images."""
    assert layer.network is not None
    known = DESCRIPTIONS[layer.network]
    return replace(known, size=layer.height, channels=layer.in_channels, classes=layer.out_channels)


def _pixels(layer: Layer, seed: int, pattern: data.Pattern) -> NDArray[np.uint8]:
    shape = (layer.batch, layer.height, layer.width, layer.in_channels)
    if pattern == "random":
        rng = np.random.default_rng([seed, zlib.crc32(layer.full_name.encode())])
        return rng.integers(0, 256, shape, np.uint8)
    values = {"lowest": (0, 0), "highest": (255, 255), "alternating": (0, 255)}[pattern]
    return np.resize(np.asarray(values, np.uint8), shape)
