"""A network as nodes in the order in which they run, each with what it reads and its sizes: what all graphs follow."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from fatnn_bench.architectures.description import Description, Order, Plain, Pool, Stage

#: The name of the network's input.
INPUT = "input"

Kind = Literal["input_conv", "conv", "norm", "relu", "add", "max_pool", "classifier"]


@dataclass(frozen=True)
class Node:
    """One step. Images are square."""

    kind: Kind
    name: str
    inputs: tuple[str, ...]  #: names of earlier nodes, or INPUT
    in_channels: int
    in_size: int
    channels: int  #: of the result
    size: int  #: of the result
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    layer: str = ""  #: where it is counted in a table of layers, as papers have them


def nodes(description: Description, relu: bool = True) -> list[Node]:
    """Return a network's nodes.

    Parameters
    ----------
    relu
        Whether activations are ReLUs; else they are what the next convolution's quantiser makes of them.
    """
    graph = _Graph(description, relu)
    stem = description.stem
    graph.convolution("input", stem.filters, stem.kernel, stem.stride, "conv1", kind="input_conv")
    graph.activation("input")
    if stem.pool:
        graph.max_pool("input_pool", stem.pool)
    for i, part in enumerate(description.body, start=1):
        if isinstance(part, Stage):
            graph.stage(i, part)
        else:
            graph.plain(i, part, last=i == len(description.body))
    if description.order == Order.BACS and isinstance(description.body[-1], Stage):
        graph.norm("norm_last")
    if graph.nodes[-1].kind != "relu":
        graph.add("relu", "relu_last")
    graph.add("classifier", "classifier", channels=description.classes, size=1, layer="fc")
    return graph.nodes


class _Graph:
    """Appends nodes that read the last one, unless they say otherwise."""

    def __init__(self, description: Description, relu: bool) -> None:
        self.nodes: list[Node] = []
        self._description, self._relu = description, relu

    def add(self, kind: Kind, name: str, *inputs: str, **changes: Any) -> str:
        """Append a node whose result has the sizes of what it reads, but for ``changes``. Returns its name."""
        source = inputs[0] if inputs else self.nodes[-1].name if self.nodes else INPUT
        channels, size = next(
            ((node.channels, node.size) for node in self.nodes if node.name == source),
            (self._description.channels, self._description.size),
        )
        node = Node(kind, name, inputs or (source,), channels, size, channels, size)
        self.nodes.append(replace(node, **changes))
        return name

    def _windowed(self, kind: Kind, name: str, window: Pool, *inputs: str, **changes: Any) -> None:
        """A node whose result has a pixel for each place of a window."""
        self.add(kind, name, *inputs, kernel=window.size, stride=window.stride, padding=window.padding, **changes)
        node = self.nodes[-1]
        size = (node.in_size + 2 * window.padding - window.size) // window.stride + 1
        self.nodes[-1] = replace(node, size=size)

    def convolution(
        self, place: str, filters: int, kernel: int, stride: int, layer: str, *inputs: str, kind: Kind = "conv"
    ) -> None:
        """A convolution and, but in pre-activation, its batch norm."""
        first = kind == "input_conv"
        window = Pool(kernel, stride, kernel // 2)
        name = f"{place}_conv" if first else f"conv{place}"
        self._windowed(kind, name, window, *inputs, channels=filters, layer=layer)
        if first or self._description.order != Order.BACS or place.endswith("_skip"):
            self.norm(f"{place}_norm" if first else f"norm{place}")

    def norm(self, name: str, *inputs: str) -> str:
        return self.add("norm", name, *inputs)

    def activation(self, place: str) -> None:
        if self._relu:
            self.add("relu", f"relu{place}")

    def max_pool(self, name: str, pool: Pool) -> None:
        self._windowed("max_pool", name, pool)

    def plain(self, i: int, part: Plain, last: bool) -> None:
        self._windowed("conv", f"conv{i}", Pool(3, 1, 1), channels=part.filters, layer=f"conv{i + 1}")
        self.norm(f"norm{i}")
        if not last:
            self.activation(str(i))
        if part.pooled and self.nodes[-1].size > 4:
            self.max_pool(f"pool{i}", Pool(2, 2))

    def stage(self, i: int, stage: Stage) -> None:
        for block in range(1, stage.blocks + 1):
            self._block(f"{i}_{block}", f"conv{i + 1}", stage.filters, stage.stride if block == 1 else 1)

    def _block(self, place: str, layer: str, filters: int, stride: int) -> None:
        source, order = self.nodes[-1], self._description.order
        changes = stride != 1 or source.channels != filters
        for i, step in enumerate((stride, 1), start=1):
            if order == Order.BACS:
                self.norm(f"norm{place}_{i}")
                self.activation(f"{place}_{i}")
            self.convolution(f"{place}_{i}", filters, 3, step, f"{layer}_1" if changes and i == 1 else f"{layer}_x")
            if order == Order.CBAS or (order == Order.CBSA and i == 1):
                self.activation(f"{place}_{i}")
        main = self.nodes[-1].name
        skip = self._skip(place, source.name, filters, stride, changes, f"{layer}_down")
        self.add("add", f"add{place}", main, skip)
        if order == Order.CBSA:
            self.activation(place)

    def _skip(self, place: str, source: str, filters: int, stride: int, changes: bool, layer: str) -> str:
        """The other branch: a 1×1 convolution where the shape changes, else the identity, calibrated if asked for."""
        if changes:
            self.convolution(f"{place}_skip", filters, 1, stride, layer, source)
            return self.nodes[-1].name
        return self.norm(f"norm{place}_skip", source) if self._description.calibration else source
