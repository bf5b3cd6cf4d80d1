"""What was found in a model: its layers, each shape once with its count, and what else there is, counted."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from fatnn_bench.architectures.network_file import MOST_LAYERS, written
from fatnn_bench.errors import UserError
from fatnn_bench.workload.layers import Layer
from fatnn_bench.workload.window import Window

__all__ = ["NOTHING", "Found", "Given", "Kept", "convolution", "layer_name", "together"]


class Given(NamedTuple):
    """What a person says where a model leaves it open."""

    batch: int | None = None  #: images, or sequences
    tokens: int | None = None  #: of a sequence


NOTHING = Given()


@dataclass(frozen=True)
class Found:
    """The layers of a model."""

    network: str | None  #: what it is named; None for a bare GEMM
    layers: tuple[Layer, ...]  #: each shape once, with its count
    summary: str  #: what was looked through, and what takes part in no layer
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  #: by name of a layer, all of its shape
    open: frozenset[str] = frozenset()  #: what the model leaves to a person: fields of :class:`Given`

    @property
    def is_model(self) -> bool:
        """Whether it was found by looking through a model, rather than told as a list of layers."""
        return bool(self.members)

    def yaml(self) -> str:
        """Return the text of a YAML file that ``--shapes`` reads back as the same layers."""
        named = (f"{name}: {', '.join(all_)}" for name, all_ in self.members.items() if len(all_) > 1)
        return written(self.layers, f"layers of {self.network}", [self.summary, *named])


def convolution(
    x: Sequence[int], weights: Sequence[int], image: tuple[int, int], groups: int, window: Window
) -> dict[str, Any]:
    """Return the fields of a convolution of x [batch, channels, …] with weights [out, …] over an image of a size."""
    return {
        "kind": "conv",
        "batch": x[0],
        "in_channels": x[1],
        "out_channels": weights[0],
        "height": image[0],
        "width": image[1],
        "groups": groups,
        **window.sizes,
    }


@dataclass
class Kept:
    """What a reader has met so far."""

    source: str  #: the file, for messages
    unit: str  #: what it counts, such as ``nodes``
    total: int = 0
    layers: list[Layer] = field(default_factory=list)  #: one an occurrence, or with their counts
    counts: Counter[str] = field(default_factory=Counter)  #: by kind, of what is a layer
    left_out: Counter[str] = field(default_factory=Counter)  #: by kind and reason, of what may multiply and is none

    def keep(self, kind: str, layer: Layer) -> None:
        """Keep the layer that something of a kind is."""
        self.counts[kind] += 1
        self.layers.append(layer)

    @property
    def summary(self) -> str:
        """All of it in one sentence."""
        found = ", ".join(f"{count} {kind}" for kind, count in self.counts.most_common()) or "no layer"
        out = ", ".join(f"{count} {kind}" for kind, count in self.left_out.most_common())
        rest = "the rest takes no product" if self.total > self.counts.total() + self.left_out.total() else ""
        return f"{self.total} {self.unit}: {'; '.join(filter(None, (found, out and f'left out: {out}', rest)))}"


def together(network: str, kept: Kept, open_: Iterable[str] = ()) -> Found:
    """Return what was kept, each shape once under the name of its first layer.

    Raises
    ------
    UserError
        It holds no layer, or more shapes than a network may have.
    """
    shapes: dict[Layer, list[Layer]] = {}
    for layer in kept.layers:
        shapes.setdefault(replace(layer, name="", count=1), []).append(layer)
    if not shapes:
        raise UserError(f"{kept.source} holds no layer that can be run: {kept.summary}; name another model")
    if len(shapes) > MOST_LAYERS:
        raise UserError(
            f"{kept.source} holds {len(shapes)} shapes, expected at most {MOST_LAYERS}; name a smaller model"
        )
    layers: list[Layer] = []
    members: dict[str, tuple[str, ...]] = {}
    for alike in shapes.values():
        name = _unlike(layer_name(alike[0].name), members)
        members[name] = tuple(layer.name for layer in alike)
        try:
            layers.append(replace(alike[0], name=name, network=network, count=sum(layer.count for layer in alike)))
        except ValueError as error:
            raise UserError(f"{kept.source}: {error}; name a smaller model") from error
    return Found(network, tuple(layers), kept.summary, members, frozenset(open_))


def layer_name(text: str) -> str:
    """Return what a model calls a layer as a name that can stand in a case's id.

    >>> layer_name("/encoder/layer.0/MatMul:0")
    'encoder_layer.0_MatMul_0'
    """
    clean = re.sub(r"[^A-Za-z0-9._-]+", "_", text.strip("/")).lstrip("._-")
    return clean[-80:].lstrip("._-") or "layer"


def _unlike(name: str, taken: Mapping[str, object]) -> str:
    """The name, or the first of ``name-2``, ``name-3`` … that is not taken."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found
