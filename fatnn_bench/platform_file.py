"""Adding an entry to a platforms file: written only if the whole file is good with it."""

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from fatnn_bench import gate, platforms, yamlfile, yamltree
from fatnn_bench.errors import UserError

__all__ = ["add"]


def add(path: Path, name: str, kind: str, fields: Mapping[str, str]) -> None:
    """Append an entry to a platforms file, whose comments and entries stay as they are.

    Parameters
    ----------
    path
        The file. One that does not exist begins as a copy of the one that ships, since it stands in its place.
    name, kind
        Of the entry.
    fields
        Their values as YAML has them: ``"1"`` is a number, ``"{board: 1}"`` a mapping.

    Raises
    ------
    UserError
        The name is taken, the entry is a bad one, or the file cannot be read or written; nothing is written then.
    """
    base = path if path.exists() else platforms.shipped()
    if name in platforms.load(base):
        raise UserError(f"{base} has a platform {name!r} already; choose another name, or edit the entry there")
    entry = {"kind": kind} | {field: _value(field, text) for field, text in fields.items()}
    text = yamlfile.read(base).rstrip() + "\n\n" + _dumped({name: entry})
    temporary = None
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(text)
        _check(temporary, path)
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; name another file with --platforms") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _check(written: Path, path: Path) -> None:
    try:
        platforms.load(written)
    except UserError as error:
        raise UserError(str(error).replace(str(written), f"{path} with the new entry")) from None


def _value(field: str, text: str) -> Any:
    try:
        return yamltree.read(text).value
    except Exception as error:  # see fatnn_bench.yamlfile.load
        raise UserError(f"{field} is {gate.brief(text)}, which is no YAML value; quote it as YAML does") from error


def _dumped(entry: dict[str, Any]) -> str:
    stream = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(entry, stream)
    return stream.getvalue()
