"""What a network multiplies: its table of layers, and the whole of it as one layer."""

from fatnn_bench.architectures.description import Description
from fatnn_bench.architectures.nodes import Node, nodes
from fatnn_bench.workload.layers import Layer


def layers(description: Description, network: str | None = None, batch: int = 1) -> list[Layer]:
    """Return the layers, each shape once with its count, from the largest image to the smallest.

    Parameters
    ----------
    network
        The name that they are of; the description's if not given.
    batch
        Images at a time.
    """
    named: dict[str, list[Node]] = {}
    for node in nodes(description):
        if node.layer:
            named.setdefault(node.layer, []).append(node)
    groups = sorted(named.values(), key=lambda group: -group[0].in_size if group[0].kind != "classifier" else 0)
    return [_layer(group[0], network or description.name, batch, len(group)) for group in groups]


def image_macs(description: Description) -> int:
    """Return the multiply-accumulates for one image, padding counted as data."""
    return sum(layer.count * layer.macs for layer in layers(description))


def whole(description: Description, batch: int) -> Layer:
    """Return the network as one layer, ``b1`` for a batch of one."""
    return Layer(
        name=f"b{batch}",
        kind="network",
        network=description.name,
        batch=batch,
        height=description.size,
        width=description.size,
        in_channels=description.channels,
        out_channels=description.classes,
        image_macs=image_macs(description),
    )


def _layer(node: Node, network: str, batch: int, count: int) -> Layer:
    sizes = {"in_channels": node.in_channels, "out_channels": node.channels, "batch": batch, "count": count}
    if node.kind == "classifier":
        return Layer(name=node.layer, kind="linear", network=network, **sizes)
    return Layer(
        name=node.layer, kind="conv", network=network, height=node.in_size, width=node.in_size, kernel=node.kernel,
        stride=node.stride, padding=node.padding, **sizes,
    )  # fmt: skip
