"""Where kernels may be compared with each other, and the rows there."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fatnn_bench.records.identity import layer_names
from fatnn_bench.records.run import Row

__all__ = ["Group", "Place", "groups", "of_rows"]


class Group(NamedTuple):
    """The layers of one network, seen by one clock, on one platform: what a total is of."""

    platform: str | None
    network: str | None
    scope: str
    threads: int

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> "Group":
        """Return that of a row of a table with columns of these names, where what is missing may be NaN."""
        platform, network = (name if isinstance(name, str) else None for name in (row["platform"], row["network"]))
        return cls(platform, network, str(row["scope"]), int(row["threads"]))


class Place(NamedTuple):
    """One layer of one shape in a group."""

    platform: str | None
    network: str | None
    scope: str
    threads: int
    layer: str

    @property
    def group(self) -> Group:
        return Group(*self[:-1])


def of_rows(rows: Sequence[Row]) -> dict[Place, dict[str, Row]]:
    """Return the rows at each place, by kernel; of a case that is there twice, the later."""
    places: dict[Place, dict[str, Row]] = {}
    for row, layer in zip(rows, layer_names(rows), strict=True):
        place = Place(row.platform, row.network, row.scope, row.threads, layer)
        places.setdefault(place, {})[row.kernel] = row
    return places


def groups(places: Mapping[Place, Mapping[str, Row]]) -> dict[Group, list[Mapping[str, Row]]]:
    """Return the rows of each layer of each group, by kernel."""
    found: dict[Group, list[Mapping[str, Row]]] = {}
    for place, rows in places.items():
        found.setdefault(place.group, []).append(rows)
    return found
