"""A network as a list of named layers and what each reads: run here, exported elsewhere, from the same list."""

from dataclasses import dataclass

from torch import Tensor, nn

from fatnn_bench.architectures.nodes import INPUT


@dataclass(frozen=True)
class Node:
    """One layer's place in a network."""

    name: str
    inputs: tuple[str, ...]  #: names of earlier nodes, or INPUT


class Graph(nn.Module):
    """A network: nodes in the order in which they run; the last one's output is the network's."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.layers = nn.ModuleDict()

    def add(self, name: str, layer: nn.Module, *inputs: str) -> str:
        """Append a layer that reads ``inputs``, the layer before it if none are given. Returns its name."""
        before = self.nodes[-1].name if self.nodes else INPUT
        self.nodes.append(Node(name, inputs or (before,)))
        self.layers[name] = layer
        return name

    def forward(self, x: Tensor) -> Tensor:
        return self.values(x)[self.nodes[-1].name]

    def values(self, x: Tensor) -> dict[str, Tensor]:
        """What every node puts out, by name."""
        values = {INPUT: x}
        for node in self.nodes:
            values[node.name] = self.layers[node.name](*(values[name] for name in node.inputs))
        return values
