"""The file of an exported network, ``.fatnn``, version 1: NumPy's npz, without any pickle.

The zip holds ``header``, UTF-8 JSON as bytes, and an array for every tensor, ``<operation's index>.<tensor>``.

    {"format": "fatnn-bench network", "version": 1, "name": …, "scheme": …, "channels": 1, "size": 8, "classes": 10,
     "pixel_bits": 4, "operations": [{"kind": …, "name": …, "inputs": […], "attributes": {…}}, …]}

Kinds, attributes and tensors are those of :data:`fatnn_bench.engine.program.KINDS`. The weight of a ``conv`` is in
bit-planes of its levels' indices (:func:`fatnn_bench.engine.program.as_planes`), its shape [out_channels, kernel,
kernel, in_channels] in the attribute ``shape``. Every array has the CRC of the zip: a damaged file is refused.
"""

import io
import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, StrictInt, TypeAdapter

from fatnn_bench.engine import npz
from fatnn_bench.engine.operation import Operation
from fatnn_bench.engine.planes import as_planes, from_planes
from fatnn_bench.engine.program import Program
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate, wholefile

FORMAT = "fatnn-bench network"
VERSION = 1

_FIELDS = ("name", "scheme", "channels", "size", "classes", "pixel_bits")

_Word = Annotated[str, Field(strict=True, pattern=r"^[\w.-]+$", max_length=100)]
_Levels = Annotated[list[StrictInt], Field(max_length=16)]


class _Described(BaseModel):
    """An operation, all but its tensors."""

    kind: _Word
    name: _Word
    inputs: Annotated[list[_Word], Field(max_length=2)]
    attributes: dict[str, StrictInt | _Levels]


class _Header(BaseModel):
    """A network, all but its tensors; what else a header holds is ignored."""

    name: _Word
    scheme: _Word
    channels: StrictInt
    size: StrictInt
    classes: StrictInt
    pixel_bits: StrictInt
    operations: gate.Series[_Described]


_HEADER = TypeAdapter(_Header)


def save(program: Program, path: Path) -> None:
    """Write a network. Raises UserError if the file cannot be written."""
    header: dict[str, Any] = {"format": FORMAT, "version": VERSION, **{f: getattr(program, f) for f in _FIELDS}}
    header["operations"] = [_described(operation) for operation in program.operations]
    arrays: dict[str, Any] = {
        f"{i}.{name}": _stored(operation, tensor)
        for i, operation in enumerate(program.operations)
        for name, tensor in operation.tensors.items()
    }
    content = io.BytesIO()
    np.savez(content, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays)
    wholefile.write(path, content.getvalue())


def load(path: Path) -> Program:
    """Read a network.

    Raises
    ------
    UserError
        If the file is missing, truncated, damaged, foreign, of a newer version, or a network that cannot run.
    """
    arrays = npz.read(path)
    header = _header(path, arrays.get("header", np.empty(0, np.uint8)).tobytes())
    try:
        operations = tuple(_operation(i, entry, arrays) for i, entry in enumerate(header.operations))
        return Program(**{f: getattr(header, f) for f in _FIELDS}, operations=operations)
    except ValueError as error:
        raise UserError(f"{path} is damaged: {error}; export it anew") from error


def _header(path: Path, content: bytes) -> _Header:
    try:
        header = gate.parsed(content)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise UserError(f"{path} is an npz file without a network's header; name a file that `export` made")
    if header.get("version") != VERSION:
        raise UserError(
            f"{path} has format version {gate.brief(header.get('version'))}, this fatnn-bench reads {VERSION}; "
            "export the network anew, or use the fatnn-bench that wrote it"
        )
    return gate.validated(_HEADER, header, f"{path}, header", "export it anew")


def _described(operation: Operation) -> dict[str, Any]:
    attributes = dict(operation.attributes)
    if operation.kind == "conv":
        attributes["shape"] = operation.tensors["weight"].shape
    return {"kind": operation.kind, "name": operation.name, "inputs": operation.inputs, "attributes": attributes}


def _stored(operation: Operation, tensor: NDArray[Any]) -> NDArray[Any]:
    return as_planes(tensor, operation.attributes["w_levels"]) if operation.kind == "conv" else tensor


def _operation(i: int, entry: _Described, arrays: dict[str, NDArray[Any]]) -> Operation:
    attributes: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.attributes.items()}
    prefix = f"{i}."
    tensors = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    if entry.kind == "conv":
        try:
            tensors["weight"] = from_planes(tensors["weight"], attributes["w_levels"], attributes.pop("shape"))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"operation {entry.name}: its weights cannot be read: {error}") from error
    return Operation(entry.kind, entry.name, tuple(entry.inputs), attributes, tensors)
