"""Adding an entry to a platforms file: written only if the whole file is good with it."""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from fatnn_bench import platforms
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate, wholefile, yamlfile, yamltree

__all__ = ["REMEDY", "add"]

#: What to do where the file cannot be written.
REMEDY = "name another file with --platforms"


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
    base = path if os.path.exists(path) else platforms.shipped()
    if name in platforms.load(base):
        raise UserError(f"{base} has a platform {name!r} already; choose another name, or edit the entry there")
    entry = {"kind": kind} | {field: _value(field, text) for field, text in fields.items()}
    text = yamlfile.read(base).rstrip() + "\n\n" + _dumped({name: entry})
    platforms.parsed(text, f"{path} with the new entry")
    wholefile.write(path, text, REMEDY)


def _value(field: str, text: str) -> Any:
    try:
        return yamltree.read(text).value
    except Exception as error:  # see fatnn_bench.files.yamlfile.load
        raise UserError(f"{field} is {gate.brief(text)}, which is no YAML value; quote it as YAML does") from error


def _dumped(entry: dict[str, Any]) -> str:
    stream = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(entry, stream)
    return stream.getvalue()
