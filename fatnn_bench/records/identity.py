"""When two rows are about the same thing: case, kernel and layer are, platform where a file holds several, and shape.

A name alone does not tell: a layer may keep it while its sizes change, and what is compared then is two shapes. Nothing
is read out of a case's id, for another tool's kernel may have any sign in its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fatnn_bench.records.run import Row, Status

__all__ = ["Key", "counting", "difference", "key", "layer_names", "shape_key", "size"]

#: Platform, case, kernel and layer.
Key = tuple[str | None, str, str, str]
#: Fields of a shape that do not change what is computed for one occurrence of the layer.
_NO_SIZE = ("name", "network", "kind", "count")
#: Fields that follow from the others.
_GEMM = ("m", "n", "k")


def key(row: Row) -> Key:
    """Return what a row is called. Two rows of one key and two shapes are not the same thing."""
    return row.platform, row.case, row.kernel, row.layer


def difference(one: Mapping[str, Any], two: Mapping[str, Any]) -> tuple[str, Any, Any] | None:
    """Return in what two shapes differ: a field and its values; None if in nothing.

    What one of them does not tell differs from nothing.
    """
    found = [
        (name, value, two[name])
        for name, value in one.items()
        if name not in _NO_SIZE and None not in (value, two.get(name)) and value != two[name]
    ]
    return min(found, key=lambda each: each[0] in _GEMM, default=None)


def shape_key(shape: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return what tells a shape from others in one run, to be looked up by."""
    return tuple(sorted((name, value) for name, value in shape.items() if name not in _NO_SIZE and value is not None))


def size(shape: Mapping[str, Any]) -> str:
    """Return ``49×512×4608``, the sizes of the GEMM, as far as they are known."""
    return "×".join(str(shape[name]) for name in _GEMM if shape.get(name) is not None)


def layer_names(rows: Sequence[Row]) -> list[str]:
    """Return the name of each row's layer, without its network; with its size where one name has two shapes."""
    shapes: dict[tuple[str | None, str | None, str], dict[Any, int]] = {}
    places = []
    for row in rows:
        known = shapes.setdefault((row.platform, row.network, row.shape["name"]), {})
        places.append((known, known.setdefault(shape_key(row.shape), len(known))))
    return [
        row.shape["name"] if len(known) == 1 else f"{row.shape['name']} of {size(row.shape)}, shape {place + 1}"
        for row, (known, place) in zip(rows, places, strict=True)
    ]


def counting(rows: Iterable[Row]) -> tuple[list[Row], str]:
    """Return the rows that count, the last of each key, and a sentence on those that they replace; empty if none.

    That an ERROR was measured again is what a resumed run does, and is not told.
    """
    last: dict[Key, Row] = {}
    twice: dict[str, None] = {}
    for row in rows:
        name = key(row)
        if (earlier := last.get(name)) and earlier.status is not Status.ERROR:
            twice[row.case] = None
        last[name] = row
    if not twice:
        return list(last.values()), ""
    more = f" (and {len(twice) - 1} more)" if len(twice) > 1 else ""
    return list(last.values()), f"{next(iter(twice))}{more} stands more than once; the last row of a case counts"
