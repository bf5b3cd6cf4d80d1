"""Checkpoints: a network's architecture and numbers, and where its training stands. Read without running code."""

import io
import pickle
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter

from fatnn_bench.accuracy.graph import Graph
from fatnn_bench.accuracy.networks import Architecture
from fatnn_bench.accuracy.schemes import SCHEMES
from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.errors import UserError, WritingStoppedError
from fatnn_bench.files import gate, wholefile

FORMAT = "fatnn-bench checkpoint 1"

_ARCHITECTURE = TypeAdapter(Architecture)


def save(path: Path, architecture: Architecture, graph: Graph, **more: Any) -> None:
    """Write a checkpoint; killed at any time, the file is the old one or the new one.

    Raises
    ------
    WritingStoppedError
        It cannot be written; those that were written before are safe.
    """
    state = {"format": FORMAT, "architecture": architecture.to_json(), "model": graph.state_dict(), **more}
    content = io.BytesIO()
    torch.save(state, content)
    remedy = "make room, then go on with --resume"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        wholefile.write(path, content.getvalue(), remedy)
    except OSError as error:
        raise WritingStoppedError(f"cannot make the folder {path.parent}: {error.strerror}; {remedy}") from error
    except UserError as error:
        raise WritingStoppedError(str(error)) from error


def read(path: Path) -> dict[str, Any]:
    """Read a checkpoint's contents.

    Raises
    ------
    UserError
        If the file is missing, truncated, foreign, or holds more than tensors and plain values.
    """
    try:
        with gate.opened(path, "name a .pt file that `fatnn-bench accuracy` made") as file:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except UserError:
        raise
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} is not a checkpoint of fatnn-bench: it holds more than tensors and plain values, and is not loaded"
        ) from error
    except Exception as error:  # what is broken within a checkpoint can raise nearly anything
        reason = str(error).splitlines()[0] if str(error) else "it is empty"
        raise UserError(f"{path} is not a checkpoint of fatnn-bench, or is truncated: {reason}") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise UserError(f"{path} is not a checkpoint of fatnn-bench; name a .pt file that `accuracy` made")
    return state


def load_network(path: Path) -> tuple[Architecture, Graph, dict[str, Any]]:
    """Read a checkpoint's network, in evaluation mode, and all else it holds. Raises UserError as :func:`read`."""
    state = read(path)
    try:
        where = f"{path}, architecture"
        architecture = gate.validated(_ARCHITECTURE, state["architecture"], where, "train the network anew")
        if architecture.network not in DESCRIPTIONS or architecture.scheme not in SCHEMES:
            raise ValueError(f"unknown network {architecture.network} or precision {architecture.scheme}")
        graph = architecture.build()
        graph.load_state_dict(state["model"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path} does not fit this fatnn-bench: {str(error).splitlines()[0]}; train it anew") from error
    return architecture, graph.eval(), state
