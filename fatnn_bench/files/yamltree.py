"""YAML as plain data with the line of every part: mappings, lists, text, numbers, truth values and nothing.

Only ruamel's parser is used, and its events become data here, so that no document makes more of itself than it says:
tags construct nothing, a date is text, and an alias counts as often as it is used. The scalars are those of the core
schema (YAML 1.2.2, section 10.3.2); ``<<`` merges, as in YAML 1.1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from fatnn_bench.files.gate import brief

__all__ = ["DocumentError", "Tree", "read"]

#: How deep a document may nest, and how many values it may have, those of an alias counted wherever it stands.
MOST_DEPTH, MOST_VALUES = 32, 100_000
#: The longest number, characters: what is longer is text.
_LONGEST = 300
_TAG = "tag:yaml.org,2002:"
_INT = {10: re.compile(r"[-+]?[0-9]+"), 8: re.compile(r"0o[0-7]+"), 16: re.compile(r"0x[0-9a-fA-F]+")}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
#: What a value with a tag must be; other tags leave it the text that it is.
_TYPES: dict[str, type] = {"int": int, "float": float, "bool": bool, "null": type(None)}


class DocumentError(Exception):
    """What is wrong with a document, and on which line, counted from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True)
class Tree:
    """A document, or a part of one."""

    value: Any  #: plain data
    line: int  #: of its key, or of itself in a list, counted from 1
    parts: "dict[Any, Tree]" = field(default_factory=dict)  #: of a mapping by key, of a list by place
    size: int = 1  #: how many values it has, itself among them

    @classmethod
    def of(cls, value: Any, line: int, parts: "dict[Any, Tree]") -> Self:
        """Return the tree of a mapping or a list that has these parts."""
        return cls(value, line, parts, 1 + sum(part.size for part in parts.values()))


def read(text: str) -> Tree:
    """Return the document of a text; that of an empty one is None.

    Raises
    ------
    DocumentError
        There is a second document, a key that is not one word or that comes twice, a tag that does not fit, or more
        than may be.
    YAMLError
        It is not YAML. ruamel's parser raises others too, such as IndexError, for what it did not foresee.
    """
    return _Reader(YAML(typ="safe", pure=True).parse(text)).document()


class _Reader:
    """Makes a tree of a parser's events."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._named: dict[str, Tree] = {}
        self._copies = 0  # that ``<<`` has made of values

    def document(self) -> Tree:
        found = Tree(None, 1)
        for count, event in enumerate(event for event in self._events if isinstance(event, _NODES)):
            if count:
                raise DocumentError(_line(event), "a second document begins, and a file holds one")
            found = self._node(event, 0)
        return found

    def _node(self, event: Any, depth: int) -> Tree:
        if depth > MOST_DEPTH:
            raise DocumentError(_line(event), f"it nests deeper than {MOST_DEPTH} levels")
        if isinstance(event, AliasEvent):
            if event.anchor not in self._named:
                raise DocumentError(_line(event), f"the alias *{event.anchor} stands for nothing that ends before it")
            return replace(self._named[event.anchor], line=_line(event))
        if isinstance(event, ScalarEvent):
            found = Tree(_scalar(event), _line(event))
        elif isinstance(event, SequenceStartEvent):
            found = self._list(event, depth)
        else:
            found = self._mapping(event, depth)
        if found.size > MOST_VALUES:
            raise _too_many(_line(event))
        if event.anchor is not None:
            self._named[event.anchor] = found
        return found

    def _list(self, start: Any, depth: int) -> Tree:
        parts: dict[Any, Tree] = {}
        while not isinstance(event := next(self._events), SequenceEndEvent):
            parts[len(parts)] = self._node(event, depth + 1)
        return Tree.of([part.value for part in parts.values()], _line(start), parts)

    def _mapping(self, start: Any, depth: int) -> Tree:
        parts: dict[Any, Tree] = {}
        merged: dict[Any, Tree] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise DocumentError(_line(event), "a key is a mapping, a list or an alias, expected a word")
            key, line, value = _scalar(event), _line(event), self._node(next(self._events), depth + 1)
            if key == "<<" and event.implicit[0]:
                found = _merged(value, line)
                self._copies += len(found)
                if self._copies > MOST_VALUES:  # each is a copy, with a line of its own
                    raise _too_many(line)
                merged = {name: replace(part, line=line) for name, part in found.items()} | merged
            elif key in parts:
                raise DocumentError(line, f"found duplicate key {brief(key)}")
            else:
                parts[key] = replace(value, line=line)
        parts = merged | parts
        return Tree.of({key: part.value for key, part in parts.items()}, _line(start), parts)


_NODES = (AliasEvent, ScalarEvent, SequenceStartEvent, MappingStartEvent)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _too_many(line: int) -> DocumentError:
    return DocumentError(line, f"it holds more than {MOST_VALUES} values")


def _merged(value: Tree, line: int) -> dict[Any, Tree]:
    """What ``<<`` brings in: a mapping, or several, of which the earlier count."""
    found: dict[Any, Tree] = {}
    for each in value.parts.values() if isinstance(value.value, list) else (value,):
        if not isinstance(each.value, dict):
            raise DocumentError(line, f"found {brief(each.value)} behind <<, expected a mapping")
        found = each.parts | found
    return found


def _scalar(event: Any) -> Any:
    plain, text = event.implicit[0], str(event.value)
    if plain:
        return _resolved(text)
    kind = _TYPES.get(str(event.tag).removeprefix(_TAG))
    if kind is None:
        return text
    value = _resolved(text)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise DocumentError(_line(event), f"found {brief(text)} with the tag !!{kind.__name__}, which does not fit")
    return value


def _resolved(text: str) -> Any:
    """What a plain scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST:
        return text
    for base, integer in _INT.items():
        if integer.fullmatch(text):
            return int(text, base if base == 10 else 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.lower().replace(".", ""))
    return text
