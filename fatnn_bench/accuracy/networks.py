"""The networks that are trained, by name; how one is described in a checkpoint, and how one starts from another."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from torch import nn

from fatnn_bench.accuracy.graph import Graph
from fatnn_bench.accuracy.layers import Add, BatchNorm, Classifier, InputConvolution, QuantisedConvolution
from fatnn_bench.accuracy.schemes import SCHEMES, Scheme


class Order(StrEnum):
    """The order of convolution, batch norm, skip and activation in a residual block of two convolutions."""

    CBSA = "cbsa"  #: c b a c b, then + skip, then a (He et al., CVPR 2016)
    CBAS = "cbas"  #: c b a c b a, then + skip
    BACS = "bacs"  #: b a c b a c, then + skip (pre-activation, He et al., ECCV 2016)


@dataclass(frozen=True)
class Architecture:
    """All that is needed to build a network again."""

    network: str  #: a key of NETWORKS
    scheme: str  #: a key of SCHEMES
    channels: int  #: of an image
    size: int  #: an image's height and width
    classes: int
    order: str = Order.CBSA
    calibration: bool = False  #: batch norm on identity branches as well
    pixel_bits: int = 8  #: a pixel p is the number p/2^pixel_bits

    def to_json(self) -> dict[str, Any]:
        """Plain values alone, which a checkpoint may hold."""
        return asdict(self) | {"order": str(self.order)}

    def build(self) -> Graph:
        """The network, with fresh weights of torch's global random generator."""
        graph = Graph()
        NETWORKS[self.network](graph, self, SCHEMES[self.scheme])
        return graph


def start_from(graph: Graph, trained: Graph) -> None:
    """Copy what two networks of one architecture and different schemes share: all but the quantizers' own numbers."""
    own = graph.state_dict()
    shared = {name: value for name, value in trained.state_dict().items() if name in own and ".quantise_" not in name}
    graph.load_state_dict(own | shared)


def small_cnn(graph: Graph, architecture: Architecture, scheme: Scheme) -> None:
    """Input convolution, three quantised ones and a classifier, for images of 8×8 to 32×32."""
    width = 16
    graph.add("input_conv", InputConvolution(architecture.channels, width, 3))
    graph.add("input_norm", BatchNorm(width))
    _activation(graph, "input", scheme)
    outputs = (width, 2 * width, 2 * width)
    size = architecture.size
    for i, (inputs, channels) in enumerate(zip((width, *outputs), outputs, strict=False), start=1):
        graph.add(f"conv{i}", QuantisedConvolution(scheme, inputs, channels))
        graph.add(f"norm{i}", BatchNorm(channels))
        if i == len(outputs):
            graph.add("relu_last", nn.ReLU())
            continue
        _activation(graph, str(i), scheme)
        if size > 4:
            graph.add(f"pool{i}", nn.MaxPool2d(2))
            size //= 2
    graph.add("classifier", Classifier(outputs[-1], architecture.classes))


def resnet20(graph: Graph, architecture: Architecture, scheme: Scheme) -> None:
    """ResNet-20 for CIFAR: 3×3 input convolution, three stages of three blocks."""
    graph.add("input_conv", InputConvolution(architecture.channels, 16, 3))
    graph.add("input_norm", BatchNorm(16))
    _activation(graph, "input", scheme)
    _stages(graph, architecture, scheme, 16, (16, 32, 64), blocks=3)


def resnet18(graph: Graph, architecture: Architecture, scheme: Scheme) -> None:
    """ResNet-18 for ImageNet: 7×7 input convolution, max pooling, four stages of two blocks."""
    graph.add("input_conv", InputConvolution(architecture.channels, 64, 7, stride=2))
    graph.add("input_norm", BatchNorm(64))
    _activation(graph, "input", scheme)
    graph.add("input_pool", nn.MaxPool2d(3, 2, padding=1))
    _stages(graph, architecture, scheme, 64, (64, 128, 256, 512), blocks=2)


NETWORKS: dict[str, Callable[[Graph, Architecture, Scheme], None]] = {
    "small-cnn": small_cnn,
    "resnet20": resnet20,
    "resnet18": resnet18,
}


def _stages(
    graph: Graph, architecture: Architecture, scheme: Scheme, inputs: int, widths: tuple[int, ...], blocks: int
) -> None:
    for stage, width in enumerate(widths, start=1):
        for block in range(1, blocks + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            _block(graph, f"{stage}_{block}", architecture, scheme, inputs, width, stride)
            inputs = width
    if architecture.order == Order.BACS:
        graph.add("norm_last", BatchNorm(inputs))
    graph.add("relu_last", nn.ReLU())
    graph.add("classifier", Classifier(inputs, architecture.classes))


def _block(
    graph: Graph, name: str, architecture: Architecture, scheme: Scheme, inputs: int, outputs: int, stride: int
) -> None:
    order = architecture.order
    source = graph.nodes[-1].name
    for i, (channels, step) in enumerate(((inputs, stride), (outputs, 1)), start=1):
        place = f"{name}_{i}"
        if order == Order.BACS:
            graph.add(f"norm{place}", BatchNorm(channels))
            _activation(graph, place, scheme)
        graph.add(f"conv{place}", QuantisedConvolution(scheme, channels, outputs, 3, step))
        if order != Order.BACS:
            graph.add(f"norm{place}", BatchNorm(outputs))
        if order == Order.CBAS or (order == Order.CBSA and i == 1):
            _activation(graph, place, scheme)
    main = graph.nodes[-1].name
    skip = _skip(graph, name, architecture, scheme, source, inputs, outputs, stride)
    graph.add(f"add{name}", Add(), main, skip)
    if order == Order.CBSA:
        _activation(graph, name, scheme)


def _skip(
    graph: Graph,
    name: str,
    architecture: Architecture,
    scheme: Scheme,
    source: str,
    inputs: int,
    outputs: int,
    stride: int,
) -> str:
    """The other branch: a 1×1 convolution where the shape changes, else the identity, calibrated if asked for."""
    if stride != 1 or inputs != outputs:
        graph.add(f"conv{name}_skip", QuantisedConvolution(scheme, inputs, outputs, 1, stride), source)
        return graph.add(f"norm{name}_skip", BatchNorm(outputs))
    return graph.add(f"norm{name}_skip", BatchNorm(outputs), source) if architecture.calibration else source


def _activation(graph: Graph, place: str, scheme: Scheme) -> None:
    if scheme.relu:
        graph.add(f"relu{place}", nn.ReLU())
