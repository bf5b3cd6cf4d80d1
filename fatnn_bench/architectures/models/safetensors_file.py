"""Safetensors: a header of JSON with names and shapes, before the data, which are not read.

The file is a length of 8 bytes, little-endian, and a header that long: by name, ``dtype``, ``shape`` and
``data_offsets``. A model of several files has an index, JSON whose ``weight_map`` says where each tensor is.
https://github.com/huggingface/safetensors, "Format"

The library ``safetensors`` maps the whole file and makes arrays of it; the header alone is all that is wanted here.
"""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from fatnn_bench.architectures.models.found import Found, Given
from fatnn_bench.architectures.models.weights import Weights
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate
from fatnn_bench.files.gate import Amount, Label

__all__ = ["load", "load_index"]

#: The longest header: real ones have 100 bytes a tensor, and the largest models 100,000 tensors in all.
_MOST_BYTES = 16 * 2**20
_INSTEAD = "name a whole safetensors file"
#: What a number of a matrix is stored in. Others are packed: their shapes are not those of the matrix.
_PLAIN = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "I8")


class _Tensor(BaseModel):
    model_config = ConfigDict(frozen=True)

    dtype: Label
    shape: Annotated[list[Amount], Field(max_length=64)]


class _Index(BaseModel):
    model_config = ConfigDict(frozen=True)

    weight_map: Annotated[dict[Label, Label], Field(min_length=1)]


_TENSOR, _INDEX = TypeAdapter(_Tensor), TypeAdapter(_Index)


def load(path: Path, network: str, given: Given) -> Found:
    """Return the linear layers of a file.

    Raises
    ------
    UserError
        Its header is cut off, is too long or is none.
    """
    weights = Weights(str(path), given)
    for name, tensor in _header(path).items():
        _take(weights, name, tensor)
    return weights.found(network)


def load_index(path: Path, network: str, given: Given) -> Found:
    """Return the linear layers of the files that an index names, which lie beside it; as :func:`load`."""
    files = gate.validated(
        _INDEX, _json(gate.content(path, _INSTEAD, _MOST_BYTES), path), str(path), _INSTEAD
    ).weight_map
    for file in set(files.values()):
        if os.path.basename(file) != file or file in ("", ".", ".."):
            raise UserError(f"{path}: it names {gate.brief(file)}, expected a file beside it; {_INSTEAD}")
    headers = {file: _header(path.parent / file) for file in sorted(set(files.values()))}
    weights = Weights(str(path), given)
    for name, file in files.items():
        if name not in headers[file]:
            raise UserError(f"{path}: the tensor {gate.brief(name)} is not in {file}; {_INSTEAD}")
        _take(weights, name, headers[file][name])
    return weights.found(network)


def _take(weights: Weights, name: str, tensor: _Tensor) -> None:
    weights.take(name, tensor.shape, "" if tensor.dtype in _PLAIN else f"packed in {gate.brief(tensor.dtype[:20])}")


def _header(path: Path) -> dict[str, _Tensor]:
    with gate.opened(path, _INSTEAD) as file:
        there = os.fstat(file.fileno()).st_size - 8
        length = int.from_bytes(file.read(8), "little")
        if there < 0 or length > there:
            found = (
                f"its header has {length} bytes and the file {there} behind its first 8" if there >= 0 else "it ends"
            )
            raise UserError(f"{path}: {found}, so that it is cut off, or no safetensors; {_INSTEAD}")
        if length > _MOST_BYTES:
            raise UserError(f"{path}: its header has {length} bytes, expected at most {_MOST_BYTES}; {_INSTEAD}")
        header = _json(file.read(length), path)
    if not isinstance(header, dict):
        raise UserError(f"{path}: its header is {gate.brief(header)}, expected a mapping; {_INSTEAD}")
    header.pop("__metadata__", None)
    return {
        str(name): gate.validated(_TENSOR, tensor, f"{path}, tensor {gate.brief(name)}", _INSTEAD)
        for name, tensor in header.items()
    }


def _json(text: bytes, path: Path) -> object:
    try:
        return gate.parsed(text)
    except ValueError as error:
        raise UserError(f"{path}: no JSON where its header should be ({error}); {_INSTEAD}") from error
