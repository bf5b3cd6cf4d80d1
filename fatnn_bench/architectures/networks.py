"""Networks as shapes: those that the suite knows whole, and YAML files with a list of layers, shipped or a person's.

A file is named after its network and holds

``description``
    One line.
``layers``
    A list. Each has a ``kind``: ``conv`` (name, in_channels, out_channels, height, width, kernel; stride 1, padding 0
    and groups 1 unless given), ``linear`` (name, in_channels, out_channels) or ``gemm`` (m, n, k). ``count``, 1 unless
    given, says how often the shape of a conv or linear layer occurs in the network.
``layers_of``
    Instead of ``layers``: a shipped network whose layers these are too, for another ``batch``.
``batch``
    Images, or tokens of linear layers; 1 unless given.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, model_validator

from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.architectures.layers import layers as layers_of
from fatnn_bench.errors import UserError
from fatnn_bench.files.gate import Count, Index, Name, Text, brief, checked_name, refusal
from fatnn_bench.files.yamlfile import Entry, closest
from fatnn_bench.files.yamlfile import load as load_yaml
from fatnn_bench.workload.layers import MOST, Layer, bare_gemm

_GEMM = r"([0-9]{1,20})x([0-9]{1,20})x([0-9]{1,20})"
_FOLDER = Path(__file__).parents[1] / "data" / "networks"


class _Conv(Entry):
    kind: Literal["conv"]
    name: Name
    in_channels: Count
    out_channels: Count
    height: Count
    width: Count
    kernel: Count
    stride: Count = 1
    padding: Index = 0
    groups: Count = 1
    count: Count = 1

    @model_validator(mode="after")
    def _has_a_geometry(self) -> "_Conv":
        self.layer(None, 1)
        return self

    def layer(self, network: str | None, batch: int) -> Layer:
        return Layer(network=network, batch=batch, **self.model_dump())


class _Linear(Entry):
    kind: Literal["linear"]
    name: Name
    in_channels: Count
    out_channels: Count
    count: Count = 1

    @model_validator(mode="after")
    def _can_be_counted(self) -> "_Linear":
        self.layer(None, 1)
        return self

    def layer(self, network: str | None, batch: int) -> Layer:
        return Layer(network=network, batch=batch, **self.model_dump())


class _Gemm(Entry):
    """A bare GEMM: its name is its shape wherever it comes from, so that its case ids agree."""

    kind: Literal["gemm"]
    m: Count
    n: Count
    k: Count

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


class _Network(Entry):
    description: Text = ""
    batch: Count = 1
    layers: Annotated[list[_Layer] | None, Field(min_length=1, max_length=2000)] = None
    layers_of: Text | None = None

    @model_validator(mode="after")
    def _has_layers_once(self) -> "_Network":
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


_DOCUMENT = TypeAdapter(_Network)


def names() -> list[str]:
    """Return the names of the shipped networks, sorted."""
    return sorted([*DESCRIPTIONS, *(path.stem for path in _FOLDER.glob("*.yaml"))])


def describe(name: str) -> str:
    """Return the one-line description of a shipped network."""
    if name in DESCRIPTIONS:
        return DESCRIPTIONS[name].line
    return load_yaml(_FOLDER / f"{name}.yaml", _DOCUMENT).description


def load(spec: str) -> list[Layer]:
    """Return the layers that ``spec`` names, in its order.

    Parameters
    ----------
    spec
        Comma-separated items, each a shipped network, the path of a network's YAML file, or ``MxNxK``.

    Raises
    ------
    UserError
        If an item is none of these, a file is wrong, or two different layers end with the same name.
    """
    layers: dict[str, Layer] = {}
    for item in items(spec):
        for layer in _load_item(item):
            if layers.setdefault(layer.full_name, layer) != layer:
                raise UserError(
                    f"--shapes {spec}: two different layers are named {layer.full_name}; rename one of the files, "
                    "which are named after their networks"
                )
    if not layers:
        raise UserError(f"--shapes {spec!r} names nothing; give a YAML file, MxNxK, or some of {', '.join(names())}")
    return list(layers.values())


def items(spec: str) -> list[str]:
    """Return the items of a comma-separated list."""
    return [item for item in (part.strip() for part in spec.split(",")) if item]


def is_shipped(item: str) -> bool:
    """Return whether an item is no file of a person's: a shipped network, or ``MxNxK``."""
    return item in names() or re.fullmatch(_GEMM, item) is not None


def _load_item(item: str) -> list[Layer]:
    if item in names():
        return _shipped(item, item, None)
    if gemm := re.fullmatch(_GEMM, item):
        try:
            return [bare_gemm(*map(int, gemm.groups()))]
        except ValueError as error:
            raise UserError(
                f"shape {item}: each of M, N and K must be at least 1 and at most {MOST}, and M·N·K below 2⁶³"
            ) from error
    path = Path(item)
    if path.suffix in (".yaml", ".yml") or os.path.lexists(path):
        return _load_file(path)
    raise UserError(f"no network, file or MxNxK is '{item}'{closest(item, names())}, a YAML file, MxNxK")


def _load_file(path: Path) -> list[Layer]:
    network = load_yaml(path, _DOCUMENT)
    try:
        checked_name(path.stem)
    except ValueError as error:
        raise UserError(f"{path}: a network is named after its file: {error}; rename the file") from error
    try:
        return _layers(network, path.stem, network.batch)
    except ValueError as error:
        raise UserError(f"{path}: {error}; correct the sizes there, or the batch") from error


def _shipped(name: str, network: str, batch: int | None) -> list[Layer]:
    """The layers of a shipped network under another's name, for a batch; for its own if None."""
    if name in DESCRIPTIONS:
        return layers_of(DESCRIPTIONS[name], network, batch or 1)
    held = load_yaml(_FOLDER / f"{name}.yaml", _DOCUMENT)
    return _layers(held, network, batch or held.batch)


def _layers(held: _Network, network: str, batch: int) -> list[Layer]:
    if held.layers_of:
        return _shipped(held.layers_of, network, batch)
    return [entry.layer(network, batch) for entry in held.layers or ()]
