"""YAML files that a person writes: loaded without constructing objects, validated, and refused by line and field.

A document is described by pydantic models that derive from :class:`Entry`. Whatever is wrong with a file ends as one
:class:`~fatnn_bench.errors.UserError` that names the file, the line, the field and what is accepted there.
"""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails
from ruamel.yaml.error import MarkedYAMLError

from fatnn_bench.errors import UserError
from fatnn_bench.files import gate, yamltree
from fatnn_bench.files.gate import refusal
from fatnn_bench.files.yamltree import DocumentError, Tree

__all__ = ["Entry", "closest", "load", "parsed", "read"]

T = TypeVar("T")
#: The largest YAML file that is read: a network of a thousand layers has half of it. The parser takes 4 s a MB.
MOST_BYTES = 256 * 2**10
#: The most faults of a file that are told, a line each.
_TOLD = 8


class Entry(BaseModel):
    """A mapping in a YAML file: frozen, strict about types, and an unknown field is refused by name."""

    model_config = ConfigDict(frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_fields(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for key in value:
                if key not in cls.model_fields:
                    raise refusal(f"unknown field{closest(str(key), cls.model_fields)}", key)
        return value


def closest(name: str, accepted: Iterable[str]) -> str:
    """Return the tail of a sentence that refuses ``name``: the nearest accepted word, if any is near, and all of them.

    >>> closest("kernle", ["kernel", "stride"])
    "; did you mean 'kernel'? Accepted: kernel, stride"
    """
    words = list(accepted)
    near = difflib.get_close_matches(name[:100].lower(), words, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    return f"{hint} Accepted: {', '.join(words)}"


def load(path: Path, document: TypeAdapter[T]) -> T:
    """Load and validate a YAML file.

    Parameters
    ----------
    path
        The file.
    document
        What it must hold.

    Raises
    ------
    UserError
        If the file cannot be read, is not YAML, repeats a key, or does not validate. The faults of the last kind are
        named, a line each.
    """
    return parsed(read(path), document, str(path))


def parsed(text: str, document: TypeAdapter[T], path: str) -> T:
    """Validate the text of a YAML file of this name; see :func:`load`."""
    if len(text.encode(errors="surrogatepass")) > MOST_BYTES:
        raise UserError(f"{path}: it is larger than {MOST_BYTES >> 10} KiB, the most that is read; make it smaller")
    tree = _tree(text, path)
    try:
        return document.validate_python(tree.value)
    except ValidationError as error:
        faults = [_sentence(path, tree, fault) for fault in error.errors(include_url=False)[: _TOLD + 1]]
        more = [f"{path}: and more faults; mend these first"] if len(faults) > _TOLD else []
        raise UserError("\n".join([*faults[:_TOLD], *more])) from error


def read(path: Path) -> str:
    """Return the text of a YAML file. Raises UserError if it cannot be read, or is too large."""
    return gate.text(path, "name a YAML file", MOST_BYTES)


def _tree(text: str, path: str) -> Tree:
    try:
        return yamltree.read(text)
    except DocumentError as fault:
        raise UserError(f"{path}, line {fault.line}: {fault}; correct the YAML there") from fault
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        problem = ", ".join(str(part) for part in (error.context, error.problem) if part)
        raise UserError(f"{path}{place}: {problem}; correct the YAML there") from error
    except Exception as error:  # the parser meets texts that its author did not, and raises what comes then
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}; correct it") from error


def _sentence(path: str, tree: Tree, fault: ErrorDetails) -> str:
    location = gate.place_of(fault)
    if "discriminator" in (context := fault.get("ctx", {})):
        location = (*location, context["discriminator"].strip("'"))
    field, line = _located(tree, location, missing=fault["type"] in ("missing", "union_tag_not_found"))
    instead = "; add it" if fault["type"] == "missing" else ""
    return f"{path}, line {line}, {field or 'document'}: {gate.complaint(fault)}{instead}"


def _located(tree: Tree, location: Iterable[str | int], *, missing: bool) -> tuple[str, int]:
    """Return the dotted field name of a pydantic location, and its line in the file, counted from 1."""
    parts = list(location)
    names: list[str] = []
    for position, part in enumerate(parts):
        if part in tree.parts:
            tree = tree.parts[part]
        elif not missing or position < len(parts) - 1:
            continue  # pydantic puts a union's tag into the location, which the file does not have there
        names.append(str(part))
    return ".".join(names), tree.line
