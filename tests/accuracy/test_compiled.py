"""A compiled network gives the logits of the engine that runs it operation by operation."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fatnn_bench.accuracy.export import exported, lowered  # noqa: E402
from fatnn_bench.accuracy.layers import BatchNorm  # noqa: E402
from fatnn_bench.accuracy.networks import Architecture  # noqa: E402
from fatnn_bench.architectures.description import Order  # noqa: E402
from fatnn_bench.engine import CompiledNetwork, Engine  # noqa: E402


def trained(network, scheme, size, order=Order.CBSA, calibration=False):
    """A network with random batch norms, some of their scales negative, and what it was made from."""
    architecture = Architecture(network, scheme, 3, size, 10, order, calibration)
    torch.manual_seed(0)
    graph = architecture.build()
    for layer in graph.layers.values():
        if isinstance(layer, BatchNorm):
            torch.nn.init.normal_(layer.weight)
            torch.nn.init.normal_(layer.bias, 0, 0.3)
    images = np.random.default_rng(0).integers(0, 256, (2, 3, size, size), np.uint8)
    graph.train()(torch.from_numpy(images).float() / 256)
    return architecture, graph.eval(), images


def assert_alike(program, images):
    network = CompiledNetwork(program, len(images))
    expected = Engine(program).logits(images)
    for _ in range(2):  # what a run leaves behind does not disturb the next
        np.testing.assert_array_equal(network.classes(images), expected.argmax(axis=1))
        np.testing.assert_allclose(network.logits, expected, rtol=1e-6, atol=1e-6)
    return network


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("calibration", [False, True])
def test_residual_networks_in_every_order(order, calibration):
    architecture, graph, images = trained("resnet20", "fatnn", 16, order, calibration)
    assert_alike(exported(architecture, graph), images)


@pytest.mark.parametrize("scheme", ["fatnn", "fatnn-full", "xnor", "lsq-2bit", "dorefa-2bit"])
def test_small_networks_whose_levels_are_pooled(scheme):
    architecture, graph, images = trained("small-cnn", scheme, 8)
    assert_alike(exported(architecture, graph), images)


def test_a_program_that_nothing_was_folded_in():
    architecture, graph, images = trained("resnet20", "xnor", 16)
    assert_alike(lowered(architecture, graph), images)


def test_sums_and_levels_of_a_residual_network_stay_in_compiled_steps():
    architecture, graph, images = trained("resnet20", "fatnn", 16)
    network = assert_alike(exported(architecture, graph), images)
    plain = [kind for kind, _ in network.steps if kind == "in NumPy"]
    assert len(plain) == 4  # the pixels as numbers, and the first convolution with its batch norm and ReLU
    network.logits.fill(0)
    for kind in network.kinds:
        network.run(kind=kind)
    np.testing.assert_array_equal(network.logits.argmax(1), Engine(network.program).classes(images))
