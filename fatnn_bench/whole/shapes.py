"""The layers that stand for whole networks: a network and a batch size are one case's shape."""

from fatnn_bench.errors import UserError
from fatnn_bench.whole.networks import NETWORKS, network
from fatnn_bench.workload.layers import Layer

#: Images at a time: one, for latency, and several.
BATCHES = (1, 16)


def load(spec: str) -> list[Layer]:
    """Return a network at each batch size for each of comma-separated names: ``resnet18.b1``, ``resnet18.b16``.

    Raises
    ------
    UserError
        If a name is none of NETWORKS.
    """
    names = list(dict.fromkeys(filter(None, (part.strip() for part in spec.split(",")))))
    for name in names:
        if name not in NETWORKS:
            raise UserError(f"--shapes {name}: scope network runs whole networks, which are {', '.join(NETWORKS)}")
    if not names:
        raise UserError(f"--shapes {spec!r} names nothing; give some of {', '.join(NETWORKS)}")
    return [_layer(name, batch) for name in names for batch in BATCHES]


def _layer(name: str, batch: int) -> Layer:
    shape = NETWORKS[name]
    return Layer(
        name=f"b{batch}",
        kind="network",
        network=name,
        batch=batch,
        height=shape.size,
        width=shape.size,
        in_channels=shape.channels,
        out_channels=shape.classes,
        image_macs=_image_macs(name),
    )


def _image_macs(name: str) -> int:
    """Multiply-accumulates of a network for one image."""
    sides, total = {"input": NETWORKS[name].size}, 0
    for operation in network(name, None, seed=0).operations:
        side, attributes = sides[operation.inputs[0]], operation.attributes
        weight = operation.tensors.get("weight")
        if "stride" in attributes:
            kernel = attributes.get("size") or weight.shape[1]  # type: ignore[union-attr]
            side = (side + 2 * attributes["padding"] - kernel) // attributes["stride"] + 1
        if weight is not None:
            total += weight.size * (side**2 if operation.kind == "input_conv" else 1)
        sides[operation.name] = side
    return total
