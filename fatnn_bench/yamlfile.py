"""YAML files that a person writes: loaded without constructing objects, validated, and refused by line and field.

A document is described by pydantic models that derive from :class:`Entry`. Whatever is wrong with a file ends as one
:class:`~fatnn_bench.errors.UserError` that names the file, the line, the field and what is accepted there.
"""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from fatnn_bench.errors import UserError

T = TypeVar("T")


def checked_name(name: str) -> str:
    """Return a name that can stand in a case id, a glob and a file name. Raises ValueError for any other."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ValueError(f"found {name!r}, expected a name of letters, digits, '.', '_' and '-'")
    return name


Name = Annotated[str, AfterValidator(checked_name)]


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


def refusal(sentence: str, *at: str | int) -> PydanticCustomError:
    """Return the error a validator raises to refuse what lies ``at`` a path inside the value it was given."""
    return PydanticCustomError("refused", "{sentence}", {"sentence": sentence, "at": at})


def closest(name: str, accepted: Iterable[str]) -> str:
    """Return the tail of a sentence that refuses ``name``: the nearest accepted word, if any is near, and all of them.

    >>> closest("kernle", ["kernel", "stride"])
    "; did you mean 'kernel'? Accepted: kernel, stride"
    """
    words = list(accepted)
    near = difflib.get_close_matches(name.lower(), words, n=1)
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
        If the file cannot be read, is not YAML, repeats a key, or does not validate. All faults of the last kind are
        named, a line each.
    """
    data = _parse(path)
    try:
        return document.validate_python(data)
    except ValidationError as error:
        faults = [_sentence(path, data, fault) for fault in error.errors(include_url=False)]
        raise UserError("\n".join(faults)) from error


def _parse(path: Path) -> Any:
    # The round-trip loader keeps line numbers, and tags such as !!python/object stay inert text in it.
    try:
        return YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; name a readable YAML file") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text; name a YAML file") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        context = f"{error.context}, " if error.context else ""
        problem = context + str(error.problem).split(" with value")[0]  # else a duplicate key quotes its whole values
        raise UserError(f"{path}{place}: {problem}; correct the YAML there") from error
    except YAMLError as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}; correct it") from error


def _sentence(path: Path, data: Any, fault: ErrorDetails) -> str:
    context = fault.get("ctx", {})
    location = (*fault["loc"], *context.get("at", ()))
    if "discriminator" in context:
        location = (*location, context["discriminator"].strip("'"))
    field, line = _locate(data, location, missing=fault["type"] in ("missing", "union_tag_not_found"))
    return f"{path}, line {line}, {field or 'document'}: {_complaint(fault)}"


def _complaint(fault: ErrorDetails) -> str:
    found = fault["input"]
    match fault["type"]:
        case "missing":
            return "this field is missing; add it"
        case "refused":
            return fault["msg"]
        case "union_tag_not_found":
            return "this field is missing; it says what the entry is"
        case "union_tag_invalid":
            tag = fault["ctx"]["tag"]
            return f"found {tag!r}, expected one of {fault['ctx']['expected_tags']}"
        case "too_short":
            return f"expected at least {fault['ctx']['min_length']} entry"
        case "value_error":
            return fault["msg"].removeprefix("Value error, ")
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"found {_brief(found)}, expected a mapping of fields to values"
    message = fault["msg"]
    return f"found {_brief(found)}, {re.sub('^input should be', 'expected', message[:1].lower() + message[1:])}"


def _brief(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return repr(value)


def _locate(data: Any, location: Iterable[str | int], *, missing: bool) -> tuple[str, int]:
    """Return the dotted field name of a pydantic location, and its line in the file, counted from 1."""
    parts = list(location)
    names: list[str] = []
    line = 1
    for position, part in enumerate(parts):
        present = part in data if isinstance(data, dict) else isinstance(data, list) and isinstance(part, int)
        if present:
            line = _line(data, part, line)
        elif missing and position == len(parts) - 1:
            return ".".join([*names, str(part)]), line
        else:
            continue  # pydantic puts a union's tag into the location, which the file does not have there
        names.append(str(part))
        data = data[part]
    return ".".join(names), line


def _line(data: Any, part: str | int, otherwise: int) -> int:
    """Return the line of a mapping's key or a list's item; ``otherwise`` for what a merge key (``<<``) brought in."""
    marks: dict[str | int, list[int]] = data.lc.data or {}
    return marks[part][0] + 1 if part in marks else otherwise
