"""What the mappings of headers and rows hold: machine, software, a layer's shape, the code that ran.

In the program they are plain dicts, for what a machine tells differs from machine to machine. From a file they come
through the gate with the types below; what is not named here is any plain JSON.
"""

from typing import Annotated, Any, Required

from pydantic import AfterValidator, ConfigDict, GetPydanticSchema, with_config
from typing_extensions import TypedDict

from fatnn_bench.files.gate import Amount, Count, Fraction, Index, Label, Load, Rate, Text, brief, plain, refusal

__all__ = ["Codegen", "Machine", "Pairs", "Platforms", "Shape", "Software"]


@with_config(ConfigDict(extra="allow"))
class _Gpu(TypedDict, total=False):
    name: Label | None


@with_config(ConfigDict(extra="allow"))
class _Machine(TypedDict, total=False):
    """As of :func:`fatnn_bench.machine.describe`, and what platforms add to it."""

    cpu: Label | None
    vendor: Label | None
    microarchitecture: Label | None
    isa: Label | None
    flags: list[Label] | None
    logical_cores: Index | None
    physical_cores: Index | None
    usable_cores: Index | None
    cpu_quota_cores: Load | None
    efficiency_cores: list[Index]
    isolated_cores: Text | None
    memory_bytes: Amount
    available_memory_bytes: Amount
    system: Label | None
    virtualisation: Label | None
    governor: Label | None
    turbo: bool | None
    turbo_switch: Label | None
    load_average: list[Load] | None
    pinned_core: Index | None
    gpu: _Gpu | None


@with_config(ConfigDict(extra="allow"))
class _Blas(TypedDict):
    internal_api: Label | None
    version: Label | None
    architecture: Label | None


@with_config(ConfigDict(extra="allow"))
class _Software(TypedDict, total=False):
    """As of :func:`fatnn_bench.machine.software`, and what a worker adds to it."""

    commit: Label | None
    dirty: bool | None
    blas: list[_Blas]
    environment: dict[Label, Text] | None
    plugins: dict[Label, Label]
    kernel_source: Label | None


class _Platform(TypedDict):
    machine: "Machine"
    software: "Software"


class _Shape(TypedDict, total=False):
    """As of :meth:`fatnn_bench.workload.layers.Layer.to_json`; a table made elsewhere may know less of it."""

    name: Required[Label]
    kind: Label
    network: Label | None
    in_channels: Count
    out_channels: Count
    batch: Count
    height: Count
    width: Count
    kernel: Count
    stride: Count
    padding: Index
    groups: Count
    count: Count
    dilation: Count
    kernel_width: Count
    stride_width: Count
    dilation_width: Count
    padding_left: Index
    padding_bottom: Index
    padding_right: Index
    image_macs: Amount | None
    m: Count
    n: Count
    k: Count


@with_config(ConfigDict(extra="allow"))
class _Codegen(TypedDict, total=False):
    hot_loop: Label | None
    tile: Label | None
    vector_bits: Index | None
    instructions: Index | None
    spills: Index | None
    hot_fraction: Fraction | None


class _Pair(TypedDict, total=False):
    """One kernel measured twice."""

    case: Required[Label]
    ratio: Rate
    low: Rate
    high: Rate


def _columns(value: dict[str, Any]) -> dict[str, Any]:
    for name, part in plain(value).items():
        if isinstance(part, dict | list):
            raise refusal(f"found {brief(part)}, expected a word, a number or a truth value", name)
    return value


def _as(model: Any) -> GetPydanticSchema:
    return GetPydanticSchema(lambda _, handler: handler(model))


Machine = Annotated[dict[str, Any], _as(_Machine), AfterValidator(plain)]
Software = Annotated[dict[str, Any], _as(_Software), AfterValidator(plain)]
Platforms = Annotated[dict[str, Any], _as(dict[Label, _Platform])]
Shape = Annotated[dict[str, Any], _as(_Shape)]
#: What is not named in it is a word, a number or a truth value, so that it makes a column of a table.
Codegen = Annotated[dict[str, Any], _as(_Codegen), AfterValidator(_columns)]
Pairs = Annotated[list[dict[str, Any]], _as(list[_Pair])]
