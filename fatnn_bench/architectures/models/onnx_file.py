"""An ONNX file as a graph whose shapes are known: read, checked, its open sizes filled in, and inferred by ``onnx``.

Nothing of it is executed. Its weights are passed over, for their shapes are all that is wanted.
"""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fatnn_bench.architectures.models import protobuf
from fatnn_bench.architectures.models.found import Given
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate

__all__ = ["fill", "infer", "read"]

_INSTEAD = "name an ONNX file"
_SMALLER = f"{_INSTEAD}, which above that size keeps its weights in a file beside it"
#: What protobuf, and so ONNX, can hold in a file; what is larger keeps its weights in others.
_MOST_BYTES = 2**31 - 1
#: The data of a tensor, of any type; and where tensors are: in a graph its initializers, and its nodes' attributes.
_TENSOR = dict.fromkeys((4, 5, 6, 7, 9, 10, 11), protobuf.DROPPED)
_MODEL = {7: {5: _TENSOR, 1: {5: {5: _TENSOR}}}}
#: Words in the name of a dimension that say which it is; the others are told by their place.
_BATCH, _TOKENS = ("batch",), ("seq", "token", "len", "time")


def read(path: Path) -> Any:
    """Return the model of a file, an ``onnx.ModelProto``, without large weights.

    Raises
    ------
    UserError
        It is none, or larger than 2 GiB, or onnx is not installed or older than it, or a file with its weights is gone.
    """
    if find_spec("onnx") is None:
        raise UserError("onnx is not installed, and ONNX files need it; run pip install 'fatnn-bench[models]'")
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.ModelProto.FromString(_skimmed(path))
    except (DecodeError, ValueError) as error:
        raise UserError(f"{path} is no ONNX file, or cut off ({error}); {_INSTEAD}") from error
    if not model.graph.node:
        raise UserError(f"{path} is no ONNX file: it has no nodes; {_INSTEAD}")
    if any(not isinstance(word, str) for word in _words(model.graph)):  # protobuf then gives bytes
        raise UserError(f"{path} is no ONNX file: a name in it is not UTF-8 text; {_INSTEAD}")
    _refuse_newer(model, path)
    _refuse_absent_weights(model, path)
    return model


def _skimmed(path: Path) -> bytes:
    """The model without weights."""
    with gate.opened(path, _SMALLER) as file:
        size = os.fstat(file.fileno()).st_size
        if size > _MOST_BYTES:
            raise UserError(f"cannot read {path}: it is larger than 2 GiB, the most that ONNX holds; {_SMALLER}")
        return protobuf.skimmed(file, size, _MODEL, gate.MOST_BYTES)


def _words(graph: Any) -> Iterator[str]:
    """The names in a graph, as far as they are looked at."""
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
        yield from (word for entry in node.metadata_props for word in (entry.key, entry.value))
    for tensor in graph.initializer:
        yield tensor.name
        yield from (word for entry in tensor.external_data for word in (entry.key, entry.value))
    for value in (*graph.input, *graph.output):
        yield from (value.name, *(dimension.dim_param for dimension in value.type.tensor_type.shape.dim))


def _refuse_newer(model: Any, path: Path) -> None:
    import onnx

    newest = onnx.defs.onnx_opset_version()
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx") and not 1 <= opset.version <= newest:
            raise UserError(
                f"{path} is of opset {opset.version}, and onnx {onnx.__version__} knows those up to {newest}; "
                "upgrade onnx, or export it with an older one"
            )
    if model.ir_version > onnx.IR_VERSION:
        raise UserError(
            f"{path} is of IR version {model.ir_version}, and onnx {onnx.__version__} knows those up to "
            f"{onnx.IR_VERSION}; upgrade onnx, or export it with an older one"
        )


def _refuse_absent_weights(model: Any, path: Path) -> None:
    import onnx

    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            _refuse_absent({entry.key: entry.value for entry in tensor.external_data}.get("location", ""), path)


def _refuse_absent(location: str, path: Path) -> None:
    if os.path.isabs(location) or ".." in Path(location).parts or "\0" in location or not location:
        raise UserError(f"{path} keeps weights in {gate.brief(location)}, expected a file beside it; {_INSTEAD}")
    if not os.path.isfile(path.parent / location):
        raise UserError(f"{path} keeps weights in {gate.brief(location)}, which is not beside it; copy it there too")


def fill(model: Any, given: Given, path: Path) -> set[str]:
    """Fill in what a model's inputs leave open, and return which fields of ``given`` that were.

    Raises
    ------
    UserError
        Something is left open that is not given, or that is neither batch nor tokens.
    """
    used: set[str] = set()
    known: dict[str, str] = {}
    constants = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name in constants or not value.type.HasField("tensor_type"):
            continue
        dimensions = value.type.tensor_type.shape.dim
        for place, dimension in enumerate(dimensions):
            if dimension.dim_value > 0:
                continue
            where = f"input {gate.brief(value.name)}, dimension {place + 1} of {len(dimensions)}"
            word = dimension.dim_param
            field = known.get(word) or _meant(word, place, len(dimensions))
            if field is None:
                name = f" ({gate.brief(word)})" if word else ""
                raise UserError(f"{path} leaves open what is neither batch nor tokens, {where}{name}; export it fixed")
            if (size := getattr(given, field)) is None:
                raise UserError(f"{path} leaves its {field} open, {where}; say how many: --{field} 1")
            dimension.dim_value = size
            used.add(field)
            known |= {word: field} if word else {}
    return used


def _meant(word: str, place: int, rank: int) -> str | None:
    """Which field of Given an open dimension is."""
    for field, words in (("batch", _BATCH), ("tokens", _TOKENS)):
        if any(part in word.lower() for part in words):
            return field
    return "batch" if place == 0 else "tokens" if place == 1 and rank <= 3 else None


def infer(model: Any, path: Path) -> dict[str, list[int]]:
    """Return the shapes of a model's values by name, as far as they are known.

    What the file says of them is not believed: it is inferred, from the inputs on. What other makers' operators and the
    model's own functions return is unknown.
    """
    import onnx

    graph = model.graph
    del graph.value_info[:]
    del model.functions[:]
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except Exception as error:  # whatever its C++ raises
        sentence = " ".join(str(error).split())
        raise UserError(f"{path}: onnx cannot infer its shapes ({sentence}); mend it, or export it again") from error
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        if kind.HasField("shape") and all(dimension.dim_value > 0 for dimension in kind.shape.dim):
            shapes.setdefault(value.name, [dimension.dim_value for dimension in kind.shape.dim])
    return shapes
