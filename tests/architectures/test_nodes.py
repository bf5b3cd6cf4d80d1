"""The nodes of a network: the words of each order, where branches meet, and what pooling does to small images."""

from dataclasses import replace

import pytest

from fatnn_bench.architectures.description import DESCRIPTIONS, Order
from fatnn_bench.architectures.nodes import INPUT, nodes

RESNET20 = DESCRIPTIONS["resnet20"]
LETTERS = {"conv": "c", "norm": "b", "relu": "a", "add": "s"}


@pytest.mark.parametrize(
    ("order", "calibration", "block"),
    [
        (Order.CBSA, False, "cbacbsa"),
        (Order.CBAS, False, "cbacbas"),
        (Order.BACS, False, "bacbacs"),
        (Order.CBSA, True, "cbacbbsa"),  # the second b is the skip's
    ],
)
def test_the_words_of_a_block(order, calibration, block):
    found = nodes(replace(RESNET20, order=order, calibration=calibration))
    names = [node.name for node in found]
    first = names.index("norm1_1_1" if order == Order.BACS else "conv1_1_1")
    last = names.index("relu1_1" if order == Order.CBSA else "add1_1")
    assert "".join(LETTERS[node.kind] for node in found[first : last + 1]) == block


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_nodes_read_what_stands_before_them_at_its_size(name, order, relu):
    sizes = {INPUT: (DESCRIPTIONS[name].channels, DESCRIPTIONS[name].size)}
    for node in nodes(replace(DESCRIPTIONS[name], order=order, calibration=True), relu):
        assert node.name not in sizes
        assert {sizes[source] for source in node.inputs} == {(node.in_channels, node.in_size)}
        sizes[node.name] = (node.channels, node.size)
    assert node.kind == "classifier"
    assert sizes["classifier"] == (DESCRIPTIONS[name].classes, 1)


def test_one_relu_stands_before_the_classifier_whether_activations_are_relus_or_not():
    for relu in (False, True):
        kinds = [node.kind for node in nodes(RESNET20, relu)]
        assert kinds[-2:] == ["relu", "classifier"]
        assert kinds[-3] != "relu"
        assert kinds.count("relu") == (19 if relu else 1)


@pytest.mark.parametrize(("size", "pools"), [(4, 0), (8, 1), (28, 2)])
def test_small_images_are_pooled_while_they_are_larger_than_4(size, pools):
    found = nodes(replace(DESCRIPTIONS["small-cnn"], size=size))
    assert sum(node.kind == "max_pool" for node in found) == pools
