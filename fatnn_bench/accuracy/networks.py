"""The networks that are trained, by name; how one is described in a checkpoint, and how one starts from another."""

from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from pydantic import Field
from torch import nn

from fatnn_bench.accuracy.graph import Graph
from fatnn_bench.accuracy.layers import Add, BatchNorm, Classifier, InputConvolution, QuantisedConvolution
from fatnn_bench.accuracy.schemes import SCHEMES, Scheme
from fatnn_bench.architectures.description import DESCRIPTIONS, Description, Order
from fatnn_bench.architectures.nodes import Node, nodes
from fatnn_bench.files.gate import Count, Index


@dataclass(frozen=True)
class Architecture:
    """All that is needed to build a network again."""

    network: str  #: a key of DESCRIPTIONS
    scheme: str  #: a key of SCHEMES
    channels: Annotated[Count, Field(le=2**16)]  #: of an image
    size: Annotated[Count, Field(le=2**12)]  #: an image's height and width
    classes: Annotated[Count, Field(le=2**20)]
    order: str = Order.CBSA
    calibration: bool = False  #: batch norm on identity branches as well
    pixel_bits: Annotated[Index, Field(le=16)] = 8  #: a pixel p is the number p/2^pixel_bits

    def to_json(self) -> dict[str, Any]:
        """Plain values alone, which a checkpoint may hold."""
        return asdict(self) | {"order": str(self.order)}

    def build(self) -> Graph:
        """The network, with fresh weights of torch's global random generator."""
        scheme, graph = SCHEMES[self.scheme], Graph()
        for node in nodes(self.description, scheme.relu):
            graph.add(node.name, _layer(node, scheme), *node.inputs)
        return graph

    @property
    def description(self) -> Description:
        """The network as it is written down, for these images."""
        return replace(
            DESCRIPTIONS[self.network],
            size=self.size,
            channels=self.channels,
            classes=self.classes,
            order=Order(self.order),
            calibration=self.calibration,
        )


def start_from(graph: Graph, trained: Graph) -> None:
    """Copy what two networks of one architecture and different schemes share: all but the quantizers' own numbers."""
    own = graph.state_dict()
    shared = {name: value for name, value in trained.state_dict().items() if name in own and ".quantise_" not in name}
    graph.load_state_dict(own | shared)


def _layer(node: Node, scheme: Scheme) -> nn.Module:
    match node.kind:
        case "input_conv":
            return InputConvolution(node.in_channels, node.channels, node.kernel, node.stride)
        case "conv":
            return QuantisedConvolution(scheme, node.in_channels, node.channels, node.kernel, node.stride)
        case "norm":
            return BatchNorm(node.channels)
        case "relu":
            return nn.ReLU()
        case "add":
            return Add()
        case "max_pool":
            return nn.MaxPool2d(node.kernel, node.stride, node.padding)
    return Classifier(node.in_channels, node.channels)
