"""What ``--shapes`` names, as layers: shipped networks, YAML files, a person's own models, and bare GEMMs."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from fatnn_bench.architectures import network_file
from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.architectures.layers import layers as layers_of
from fatnn_bench.architectures.models import gguf_file, onnx_layers, safetensors_file
from fatnn_bench.architectures.models.found import NOTHING, Found, Given
from fatnn_bench.architectures.network_file import NetworkFile, names
from fatnn_bench.errors import UserError
from fatnn_bench.files.gate import checked_name
from fatnn_bench.files.yamlfile import closest
from fatnn_bench.workload.layers import MOST, Layer, bare_gemm

__all__ = ["describe", "find", "is_shipped", "items", "joined", "load", "names"]

_GEMM = r"([0-9]{1,20})x([0-9]{1,20})x([0-9]{1,20})"
#: By the end of a file's name: what reads it.
_MODELS: dict[str, Callable[[Path, str, Given], Found]] = {
    ".onnx": onnx_layers.load,
    ".safetensors": safetensors_file.load,
    ".safetensors.index.json": safetensors_file.load_index,
    ".gguf": gguf_file.load,
}
#: Files of PyTorch: pickles, which run what they say.
_PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl")


def describe(name: str) -> str:
    """Return the one-line description of a shipped network."""
    return DESCRIPTIONS[name].line if name in DESCRIPTIONS else network_file.shipped(name).description


def load(spec: str, given: Given = NOTHING) -> list[Layer]:
    """Return the layers that ``spec`` names, in its order, those of one name once; see :func:`find`."""
    return joined(find(spec, given))


def joined(found: Iterable[Found]) -> list[Layer]:
    """Return the layers of all that was found, those of one name once."""
    return list({layer.full_name: layer for each in found for layer in each.layers}.values())


def find(spec: str, given: Given = NOTHING) -> list[Found]:
    """Return what each item of ``spec`` names, in its order.

    Parameters
    ----------
    spec
        Comma-separated items, each a shipped network, the path of a network's YAML file or of a model, or ``MxNxK``.
    given
        Batch, of networks and of models that leave it open, and tokens, of such models.

    Raises
    ------
    UserError
        If an item is none of these, a file is wrong, two different layers end with the same name, or no item leaves
        open what is given.
    """
    named: dict[str, Layer] = {}
    found = [_find_item(item, given) for item in items(spec)]
    for each in found:
        for layer in each.layers:
            if named.setdefault(layer.full_name, layer) != layer:
                raise UserError(
                    f"--shapes {spec}: two different layers are named {layer.full_name}; rename one of the files, "
                    "which are named after their networks"
                )
    if not named:
        raise UserError(f"--shapes {spec!r} names nothing; give a YAML file, MxNxK, or some of {', '.join(names())}")
    for field, size in given._asdict().items():
        if size is not None and not any(field in each.open for each in found):
            raise UserError(f"--{field} {size}: nothing in --shapes {spec} leaves its {field} open; leave it out")
    return found


def items(spec: str) -> list[str]:
    """Return the items of a comma-separated list."""
    return [item for item in (part.strip() for part in spec.split(",")) if item]


def is_shipped(item: str) -> bool:
    """Return whether an item is no file of a person's: a shipped network, or ``MxNxK``."""
    return item in names() or re.fullmatch(_GEMM, item) is not None


def _find_item(item: str, given: Given) -> Found:
    if item in names():
        return _shipped_for(item, given)
    if gemm := re.fullmatch(_GEMM, item):
        try:
            return _told(None, [bare_gemm(*map(int, gemm.groups()))], "a matrix product")
        except ValueError as error:
            raise UserError(
                f"shape {item}: each of M, N and K must be at least 1 and at most {MOST}, and M·N·K below 2⁶³"
            ) from error
    path = Path(item)
    for ending, read in _MODELS.items():
        if path.name.endswith(ending):
            return read(path, _network(path, path.name.removesuffix(ending)), given)
    if path.suffix in _PICKLES:
        raise UserError(
            f"{path} is a pickle, which runs what it says, and is not opened; export the model to ONNX or safetensors, "
            "or ask fatnn_bench.layers(module, example)"
        )
    if path.suffix in (".yaml", ".yml") or os.path.lexists(path):
        return _read_file(path, given)
    raise UserError(f"no network, file or MxNxK is '{item}'{closest(item, names())}, a YAML file, MxNxK")


def _network(path: Path, stem: str) -> str:
    """The name of the network of a file."""
    try:
        return checked_name(stem)
    except ValueError as error:
        raise UserError(f"{path}: a network is named after its file: {error}; rename the file") from error


def _told(network: str | None, layers: list[Layer], description: str, takes_batch: bool = False) -> Found:
    return Found(network, tuple(layers), description, open=frozenset({"batch"} if takes_batch else ()))


def _shipped_for(name: str, given: Given) -> Found:
    try:
        return _told(name, _shipped(name, name, given.batch), describe(name), _takes_batch(name))
    except ValueError as error:
        raise UserError(f"--batch {given.batch}: {name}: {error}; give a smaller one") from error


def _read_file(path: Path, given: Given) -> Found:
    held = network_file.read(path)
    network = _network(path, path.stem)
    takes_batch = _any_takes_batch(held)
    try:
        return _told(network, _layers(held, network, given.batch or held.batch), held.description, takes_batch)
    except ValueError as error:
        raise UserError(f"{path}: {error}; correct the sizes there, or the batch") from error


def _takes_batch(name: str) -> bool:
    """Whether the layers of a shipped network are for any batch: those of a list of GEMMs are not."""
    return name in DESCRIPTIONS or _any_takes_batch(network_file.shipped(name))


def _any_takes_batch(held: NetworkFile) -> bool:
    if held.layers_of:
        return _takes_batch(held.layers_of)
    return any(entry.takes_batch for entry in held.layers or ())


def _shipped(name: str, network: str, batch: int | None) -> list[Layer]:
    """The layers of a shipped network under another's name, for a batch; for its own if None."""
    if name in DESCRIPTIONS:
        return layers_of(DESCRIPTIONS[name], network, batch or 1)
    held = network_file.shipped(name)
    return _layers(held, network, batch or held.batch)


def _layers(held: NetworkFile, network: str, batch: int) -> list[Layer]:
    if held.layers_of:
        return _shipped(held.layers_of, network, batch)
    return [entry.layer(network, batch) for entry in held.layers or ()]
