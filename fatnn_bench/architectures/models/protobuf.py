"""A protobuf message without what is long in it: weights are passed over in the file, and never in memory.

A message is fields, each a tag, ``number · 8 + wire type``, and a value: a varint (0), 8 bytes (1), a length and as
many bytes (2), or 4 bytes (5). https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Mapping
from typing import Any, BinaryIO

__all__ = ["DROPPED", "skimmed"]

#: Instead of a message's fields: a value that is dropped where it is long.
DROPPED: Mapping[int, Any] = {}
#: What is long, bytes: shapes that a graph computes with are shorter.
_LONG = 4096
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


def skimmed(file: BinaryIO, size: int, fields: Mapping[int, Any], most_bytes: int) -> bytes:
    """Return a message without the long values that are dropped.

    Parameters
    ----------
    file, size
        Where the message begins, and its length.
    fields
        By number of a field that holds a message, the fields of that; or :data:`DROPPED`. Others are kept.
    most_bytes
        How much may be kept.

    Raises
    ------
    ValueError
        It is no message, or more is to be kept.
    """
    return _Skimmer(file, most_bytes).message(size, fields)


class _Skimmer:
    """Reads on, and counts what it keeps."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file, self._left = file, left

    def message(self, size: int, fields: Mapping[int, Any]) -> bytes:
        kept: list[bytes] = []
        while size > 0:
            tag, head = self._varint()
            number, wire = tag >> 3, tag & 7
            length, value = {_EIGHT: 8, _FOUR: 4}.get(wire, 0), b""
            if wire in (_VARINT, _BYTES):
                length, value = self._varint()
            elif not length:
                raise ValueError(f"a field is of wire type {wire}")
            body = 0 if wire == _VARINT else length
            size -= len(head) + len(value) + body
            if size < 0:
                raise ValueError("a field goes on behind the end of its message")
            within = fields.get(number) if wire == _BYTES and body > _LONG else None
            if within is None:
                kept += [head, value, self._kept(body)]
            elif within is DROPPED:
                self._file.seek(body, 1)
            else:
                inner = self.message(body, within)
                kept += [head, _encoded(len(inner)), inner]
        return b"".join(kept)

    def _kept(self, size: int) -> bytes:
        self._left -= size
        if self._left < 0:
            raise ValueError("it holds more than weights")
        found = self._file.read(size)
        if len(found) < size:
            raise ValueError("it ends before its last field")
        return found

    def _varint(self) -> tuple[int, bytes]:
        """A number of up to 64 bits, 7 a byte, the lowest first; and its bytes."""
        found, number = b"", 0
        while len(found) < 10:
            found += self._kept(1)
            number |= (found[-1] & 127) << 7 * (len(found) - 1)
            if found[-1] < 128:
                return number, found
        raise ValueError("a number has more than 10 bytes")


def _encoded(number: int) -> bytes:
    found = []
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])
