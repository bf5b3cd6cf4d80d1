"""Layers and MACs of the networks written as stages, against the papers' tables and counts made by hand."""

import pytest

from fatnn_bench.architectures import network_shapes
from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.architectures.layers import image_macs, layers
from fatnn_bench.errors import UserError
from fatnn_bench.workload.cases import Case

#: name: in, out, side, kernel, stride, padding, count; He et al., table 1.
RESNET18 = {
    "conv1": (3, 64, 224, 7, 2, 3, 1),
    "conv2_x": (64, 64, 56, 3, 1, 1, 4),
    "conv3_1": (64, 128, 56, 3, 2, 1, 1),
    "conv3_down": (64, 128, 56, 1, 2, 0, 1),
    "conv3_x": (128, 128, 28, 3, 1, 1, 3),
    "conv4_1": (128, 256, 28, 3, 2, 1, 1),
    "conv4_down": (128, 256, 28, 1, 2, 0, 1),
    "conv4_x": (256, 256, 14, 3, 1, 1, 3),
    "conv5_1": (256, 512, 14, 3, 2, 1, 1),
    "conv5_down": (256, 512, 14, 1, 2, 0, 1),
    "conv5_x": (512, 512, 7, 3, 1, 1, 3),
    "fc": (512, 1000, 1, 1, 1, 0, 1),
}
#: The same of ResNet-20 for CIFAR-10, section 4.2, with 1×1 projections.
RESNET20 = {
    "conv1": (3, 16, 32, 3, 1, 1, 1),
    "conv2_x": (16, 16, 32, 3, 1, 1, 6),
    "conv3_1": (16, 32, 32, 3, 2, 1, 1),
    "conv3_down": (16, 32, 32, 1, 2, 0, 1),
    "conv3_x": (32, 32, 16, 3, 1, 1, 5),
    "conv4_1": (32, 64, 16, 3, 2, 1, 1),
    "conv4_down": (32, 64, 16, 1, 2, 0, 1),
    "conv4_x": (64, 64, 8, 3, 1, 1, 5),
    "fc": (64, 10, 1, 1, 1, 0, 1),
}
SMALL_CNN = {
    "conv1": (1, 16, 8, 3, 1, 1, 1),
    "conv2": (16, 16, 8, 3, 1, 1, 1),
    "conv3": (16, 32, 4, 3, 1, 1, 1),
    "conv4": (32, 32, 4, 3, 1, 1, 1),
    "fc": (32, 10, 1, 1, 1, 0, 1),
}


@pytest.mark.parametrize(("name", "table"), [("resnet18", RESNET18), ("resnet20", RESNET20), ("small-cnn", SMALL_CNN)])
def test_layers_are_those_of_the_papers_table(name, table):
    found = {
        layer.name: (
            layer.in_channels, layer.out_channels, layer.height, layer.kernel, layer.stride, layer.padding, layer.count
        )
        for layer in layers(DESCRIPTIONS[name])
    }  # fmt: skip
    assert list(found) == list(table)
    assert found == table
    assert {layer.kind for layer in layers(DESCRIPTIONS[name]) if layer.name != "fc"} == {"conv"}


@pytest.mark.parametrize(
    ("name", "macs"),
    [("resnet18", 1_814_073_344), ("resnet20", 40_813_184), ("small-cnn", 9216 + 147_456 + 73_728 + 147_456 + 320)],
)
def test_macs(name, macs):
    assert image_macs(DESCRIPTIONS[name]) == macs


def test_a_case_is_a_network_at_a_batch_size():
    assert [layer.full_name for layer in network_shapes.load("resnet18", batch=64)] == ["resnet18.b64"]
    one, sixteen = network_shapes.load("resnet18")
    assert Case("binary", sixteen, "network", 1).id == "binary/resnet18.b16/network@1"
    assert (one.m, one.n, one.k) == (1, 1000, 3 * 224 * 224)
    assert sixteen.macs == 16 * one.macs
    assert type(one).from_json(one.to_json()) == one


@pytest.mark.parametrize("spec", ["vgg16", "1x2x3", " , "])
def test_what_is_no_whole_network_is_refused(spec):
    with pytest.raises(UserError, match="small-cnn, resnet20, resnet18"):
        network_shapes.load(spec)
