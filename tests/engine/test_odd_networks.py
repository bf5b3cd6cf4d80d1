"""Networks that no export makes: what compiled steps do not cover runs as the engine runs it, to the same logits."""

import numpy as np
import pytest

from fatnn_bench.engine import CompiledNetwork, Engine
from fatnn_bench.engine.operation import INPUT, Operation
from fatnn_bench.engine.program import Program

CHANNELS = 8
RNG = np.random.default_rng(0)


def conv(name, source, x_levels=(0, 1, 2), w_levels=(-1, 0, 1), inputs=CHANNELS, filters=CHANNELS):
    weight = RNG.choice(np.asarray(w_levels, np.int8), (filters, 3, 3, inputs))
    attributes = {"stride": 1, "padding": 1, "x_levels": x_levels, "w_levels": w_levels, "border": x_levels[0]}
    return Operation("conv", name, (source,), attributes, {"weight": weight})


def pixel_conv(name):
    weight = RNG.integers(-127, 128, (CHANNELS, 3, 3, 2), np.int8)
    return Operation("pixel_conv", name, (INPUT,), {"stride": 1, "padding": 1}, {"weight": weight})


def scale(name, source, by=0.1):
    return Operation("scale", name, (source,), {}, {"scale": np.full(1, by, np.float32)})


def affine(name, source):
    tensors = {part: RNG.normal(0, 1, CHANNELS).astype(np.float32) for part in ("factor", "offset")}
    return Operation("affine", name, (source,), {}, tensors)


def quantise(name, source, levels=(0, 1, 2)):
    bounds = np.linspace(0.1, 0.9, len(levels) - 1, dtype=np.float32)
    return Operation("quantise", name, (source,), {"levels": levels}, {"bounds": bounds})


def threshold(name, source, levels=(0, 1, 2), sign=(-1, 1)):
    limits = np.sort(RNG.integers(-30, 30, (len(levels) - 1, CHANNELS)), axis=0).astype(np.int32)
    tensors = {"sign": np.resize(np.asarray(sign, np.int8), CHANNELS), "thresholds": limits}
    return Operation("threshold", name, (source,), {"levels": levels}, tensors)


def max_pool(name, source):
    return Operation("max_pool", name, (source,), {"size": 3, "stride": 2, "padding": 1})


def add(name, *sources):
    return Operation("add", name, sources)


def classifier(source, channels=CHANNELS):
    weight = RNG.normal(0, 1, (3, channels)).astype(np.float32)
    return Operation("classifier", "logits", (source,), {}, {"weight": weight, "bias": np.ones(3, np.float32)})


FOUR = (0, 1, 2, 3)
NETWORKS = {
    "levels of the image": (quantise("q", INPUT), conv("c", "q", inputs=2), scale("s", "c"), classifier("s")),
    "a pooled image": (
        max_pool("p", INPUT), quantise("q", "p"), conv("c", "q", inputs=2), scale("s", "c"), classifier("s"),
    ),
    "an image that is added": (
        quantise("q", INPUT), conv("c", "q", inputs=2, filters=2), scale("s", "c"), add("a", "s", INPUT),
        classifier("a", 2),
    ),
    "nothing but an image": (classifier(INPUT, 2),),
    "thresholds of pixels": (
        pixel_conv("p"), threshold("t", "p"), conv("c", "t"), scale("s", "c"), affine("f", "s"), classifier("f"),
    ),
    "levels that are read pooled and as they are": (
        quantise("q", INPUT), conv("c", "q", inputs=2), threshold("t", "c"), max_pool("p", "t"), conv("d", "p"),
        scale("s", "d"), affine("f", "s"), max_pool("o", "t"), conv("e", "o", w_levels=(-1, 0, 1)), scale("u", "e"),
        add("a", "f", "u"), conv("g", "t"), scale("v", "g"), max_pool("w", "v"), add("b", "a", "w"), classifier("b"),
    ),
    "weights that are two apart": (
        quantise("q", INPUT, FOUR), conv("c", "q", FOUR, (0, 2), inputs=2), threshold("t", "c", FOUR, (1,)),
        conv("d", "t", FOUR, (-3, -1, 1, 3)), scale("s", "d"), affine("f", "s"), classifier("f"),
    ),
    "weights of one sign that are turned round": (
        quantise("q", INPUT, FOUR), conv("c", "q", FOUR, FOUR, inputs=2), threshold("t", "c", FOUR),
        conv("d", "t", FOUR, FOUR), threshold("u", "d", FOUR), conv("e", "u", FOUR), scale("s", "e"), classifier("s"),
    ),
    "a sum that is added to itself": (
        pixel_conv("p"), scale("s", "p"), affine("f", "s"), add("a", "f", "f"), classifier("a"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("way", ["popcount", "lookup"])
def test_both_programs_give_the_same_logits(name, batch, way):
    program = Program("odd", "odd", 2, 9, 3, 8, NETWORKS[name])
    pixels = RNG.integers(0, 256, (batch, 2, 9, 9), np.uint8)
    compiled, expected = CompiledNetwork(program, batch, way=way), Engine(program).logits(pixels)
    for _ in range(2):
        np.testing.assert_array_equal(compiled.classes(pixels), expected.argmax(axis=1))
        np.testing.assert_allclose(compiled.logits, expected, rtol=1e-6, atol=1e-6)
