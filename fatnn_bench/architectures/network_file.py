"""The YAML file of a network: how it is read, and how it is written.

A file is named after its network and holds

``description``
    One line.
``layers``
    A list. Each has a ``kind``: ``conv`` (name, in_channels, out_channels, height, width, kernel; stride 1, padding 0,
    dilation 1 and groups 1 unless given), ``linear`` (name, in_channels, out_channels) or ``gemm`` (m, n, k).
    ``count``, 1 unless given, says how often the shape of a conv or linear layer occurs in the network. Where the width
    of a kernel, a stride or a dilation is not its height, ``kernel_width`` and so on tell it; where padding is not as
    at the top, ``padding_left``, ``padding_bottom`` and ``padding_right`` do.
``layers_of``
    Instead of ``layers``: a shipped network whose layers these are too, for another ``batch``.
``batch``
    Images, or tokens of linear layers, where nobody asks for others; 1 unless given. A layer's own, where it has one,
    goes before it.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter, model_validator

from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.files.gate import Count, Index, Name, Text, brief, refusal
from fatnn_bench.files.yamlfile import Entry, closest
from fatnn_bench.files.yamlfile import load as load_yaml
from fatnn_bench.workload.layers import Layer, bare_gemm

__all__ = ["MOST_LAYERS", "NetworkFile", "names", "read", "shipped", "written"]

#: The most layers of a file.
MOST_LAYERS = 2000
_FOLDER = Path(__file__).parents[1] / "data" / "networks"


class _Sized(Entry):
    """A layer of a network, checked as soon as it is read."""

    name: Name
    in_channels: Count
    out_channels: Count
    batch: Count | None = None
    count: Count = 1

    @property
    def takes_batch(self) -> bool:
        """Whether the network's batch is this layer's."""
        return self.batch is None

    @model_validator(mode="after")
    def _can_be_counted(self) -> "_Sized":
        self.layer(None, 1)
        return self

    def layer(self, network: str | None, batch: int) -> Layer:
        sizes = self.model_dump()
        return Layer(network=network, **sizes | {"batch": sizes["batch"] or batch})


class _Conv(_Sized):
    kind: Literal["conv"]
    height: Count
    width: Count
    kernel: Count
    stride: Count = 1
    padding: Index = 0
    groups: Count = 1
    dilation: Count = 1
    kernel_width: Count | None = None
    stride_width: Count | None = None
    dilation_width: Count | None = None
    padding_left: Index | None = None
    padding_bottom: Index | None = None
    padding_right: Index | None = None


class _Linear(_Sized):
    kind: Literal["linear"]


class _Gemm(Entry):
    """A bare GEMM: its name is its shape wherever it comes from, so that its case ids agree."""

    kind: Literal["gemm"]
    m: Count
    n: Count
    k: Count
    takes_batch: ClassVar[bool] = False

    @model_validator(mode="after")
    def _can_be_counted(self) -> "_Gemm":
        self.layer(None, 1)
        return self

    @property
    def name(self) -> str:
        return f"{self.m}x{self.n}x{self.k}"

    def layer(self, network: str | None, batch: int) -> Layer:
        return bare_gemm(self.m, self.n, self.k)


_Layer = Annotated[_Conv | _Linear | _Gemm, Field(discriminator="kind")]


class NetworkFile(Entry):
    """What a file holds."""

    description: Text = ""
    batch: Count = 1
    layers: Annotated[list[_Layer] | None, Field(min_length=1, max_length=MOST_LAYERS)] = None
    layers_of: Text | None = None

    @model_validator(mode="after")
    def _has_layers_once(self) -> "NetworkFile":
        if (self.layers is None) == (self.layers_of is None):
            raise refusal("expected either 'layers' or 'layers_of'")
        if self.layers_of is not None and self.layers_of not in names():
            raise refusal(
                f"no shipped network is {brief(self.layers_of)}{closest(self.layers_of, names())}", "layers_of"
            )
        seen: set[str] = set()
        for index, entry in enumerate(self.layers or ()):
            if entry.name in seen:
                raise refusal(f"a second layer is named '{entry.name}'; use 'count', or another name", "layers", index)
            seen.add(entry.name)
        return self


_DOCUMENT = TypeAdapter(NetworkFile)


def names() -> list[str]:
    """Return the names of the shipped networks, sorted."""
    return sorted([*DESCRIPTIONS, *(path.stem for path in _FOLDER.glob("*.yaml"))])


def read(path: Path) -> NetworkFile:
    """Return what a file holds. Raises UserError, with lines and fields, if that is no network."""
    return load_yaml(path, _DOCUMENT)


def shipped(name: str) -> NetworkFile:
    """Return what the file of a shipped network holds."""
    return read(_FOLDER / f"{name}.yaml")


def written(layers: Iterable[Layer], description: str, remarks: Iterable[str] = ()) -> str:
    """Return the text of a file with these layers, which reads back as the same layers, whatever it is then named.

    Parameters
    ----------
    description, remarks
        A line about the network, of what can be printed; lines of comment above it.
    """
    lines = [
        *(f"# {remark}" for remark in remarks),
        f"description: {json.dumps(description, ensure_ascii=False)}",
        "layers:",
    ]
    return "\n".join([*lines, *(f"  - {{{_line(layer)}}}" for layer in layers)]) + "\n"


def _line(layer: Layer) -> str:
    if layer.kind == "gemm":
        found: dict[str, Any] = {"kind": "gemm", "m": layer.m, "n": layer.n, "k": layer.k}
    else:
        entry = _Conv if layer.kind == "conv" else _Linear
        told = {name: field.get_default() for name, field in entry.model_fields.items()} | {"batch": 1}
        found = {"kind": layer.kind, "name": json.dumps(layer.name)}
        found |= {
            name: size
            for name, usual in told.items()
            if name not in found and (size := getattr(layer, name)) is not None and size != usual
        }
    return ", ".join(f"{name}: {value}" for name, value in found.items())
