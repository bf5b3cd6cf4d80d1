"""Scope ``network``: what is timed computes what the reference says; the reference is the definition."""

import numpy as np
import pytest

from fatnn_bench.architectures import network_shapes
from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.architectures.layers import layers
from fatnn_bench.contenders.catalog import contenders
from fatnn_bench.contenders.problems import Problems
from fatnn_bench.engine import reference
from fatnn_bench.engine.untrained import untrained
from fatnn_bench.workload import oracle

SMALL = network_shapes.load("resnet20")[0]


def prepared(name, seed=0, pattern="random"):
    contender = contenders("network")[name]
    if reason := contender.skip_reason(SMALL):
        pytest.skip(reason)
    problem = Problems(SMALL, "network", seed, pattern).of(contender.x_domain, contender.y_domain)
    return contender.prepare(problem, 1), problem.right


@pytest.mark.parametrize("name", contenders("network"))
def test_every_network_gives_the_right_logits_and_is_seen_if_it_computes_nothing(name):
    network, right = prepared(name)
    network.run(1)
    assert oracle.complaint(network.result(), right, 1, network.tolerance) == ""
    network.spoil()
    assert oracle.complaint(network.result(), right, 1, network.tolerance) != ""


@pytest.mark.parametrize("name", contenders("network"))
def test_another_networks_logits_are_refused(name):
    network, _ = prepared(name)
    network.run(1)
    _, other = prepared(name, seed=1)
    assert oracle.complaint(network.result(), other, 1, network.tolerance) != ""


@pytest.mark.parametrize("pattern", ["lowest", "highest", "alternating"])
def test_extreme_pixels(pattern):
    network, right = prepared("ternary-fatnn", pattern=pattern)
    network.run(1)
    assert oracle.complaint(network.result(), right, 1, network.tolerance) == ""


STAGES = ("pixels", "first convolution", "convolutions", "quantise and pack", "classifier")


@pytest.mark.parametrize("left_out", [None, *STAGES])
def test_stages_are_all_of_a_run_and_each_is_a_part_of_it(left_out):
    """A stage is every layer of its kind at once: as often as there are layers, what comes in has been everywhere."""
    network, right = prepared("ternary-fatnn")
    assert set(network.stages) == set(STAGES)
    for _ in range(sum(layer.count for layer in layers(DESCRIPTIONS["resnet20"]))):
        for name, stage in network.stages.items():
            if name != left_out:
                stage(1)
    complaint = oracle.complaint(network.result(), right, 1, network.tolerance)
    assert (complaint == "") == (left_out is None)


def test_the_reference_of_a_float_network_agrees_with_scipy():
    from scipy.signal import correlate

    program = untrained(DESCRIPTIONS["resnet20"], None, 0)
    first = program.operations[0]
    pixels = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
    image = np.pad(pixels[0].astype(np.float64) / 256, ((1, 1), (1, 1), (0, 0)))
    expected = np.stack([correlate(image, w, "valid")[..., 0] for w in first.tensors["weight"].astype(float)], axis=-1)
    found = reference.evaluated(program, pixels)[first.name]
    np.testing.assert_allclose(found[0], expected, rtol=1e-5, atol=1e-6)
