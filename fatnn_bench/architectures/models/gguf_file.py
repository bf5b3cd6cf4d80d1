"""GGUF: values by key and the tensors' names and shapes, before the data, which are not read.

The file is ``GGUF``, a version (4 bytes), the numbers of tensors and of keys (8 each), the keys with their values, and
for each tensor its name, its dimensions, the fastest first, its type and where it lies; all little-endian.
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

The library ``gguf`` maps the whole file and keeps every word of the tokenizer as an array, for seconds; here the values
are passed over. What a header claims is read as far as the file goes, and no memory is taken on its word.
"""

import struct
from pathlib import Path
from typing import BinaryIO

from fatnn_bench.architectures.models.found import Found, Given
from fatnn_bench.architectures.models.weights import Weights
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate

__all__ = ["load"]

_INSTEAD = "name a whole GGUF file"
_VERSIONS = (2, 3)
#: Bytes of a value by its type; None for text, an array has none.
_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 8: None, 10: 8, 11: 8, 12: 8}
_ARRAY = 9
#: The most of a file's beginning that is read, its most tensors and the longest name: far above any model's.
_MOST_BYTES, _MOST_TENSORS, _LONGEST = 64 * 2**20, 100_000, 2**16
_MOST_DIMENSIONS = 4
#: Bytes that are read at a time where values are many and short.
_BLOCK = 2**20


def load(path: Path, network: str, given: Given) -> Found:
    """Return the linear layers of a file.

    Raises
    ------
    UserError
        It is of another version, is cut off, or claims more than it holds.
    """
    weights = Weights(str(path), given)
    with gate.opened(path, _INSTEAD) as file:
        reader = _Reader(file, path)
        tensors, keys = reader.begin()
        for _ in range(keys):
            reader.text()
            reader.pass_over(reader.number("I"))
        for _ in range(tensors):
            name, shape = reader.tensor()
            weights.take(name, shape)
    return weights.found(network)


class _Reader:
    """Reads on, and refuses to go beyond the file's end."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path, self._at = file, path, 0
        self._end = min(path.stat().st_size, _MOST_BYTES)

    def begin(self) -> tuple[int, int]:
        """The numbers of tensors and of keys."""
        if self._bytes(4) != b"GGUF":
            raise self._refusal("it does not begin with GGUF")
        version = self.number("I")
        if version not in _VERSIONS:
            other = "big-endian, or " if version & 0xFFFF == 0 else ""
            raise self._refusal(
                f"it is {other}of version {version}, and versions {_VERSIONS[0]} and {_VERSIONS[1]} are read"
            )
        tensors, keys = self.number("Q"), self.number("Q")
        if tensors > _MOST_TENSORS:
            raise self._refusal(f"it claims {tensors} tensors, expected at most {_MOST_TENSORS}")
        return tensors, keys

    def number(self, form: str) -> int:
        size = struct.calcsize(f"<{form}")
        return int(struct.unpack(f"<{form}", self._bytes(size))[0])

    def text(self) -> str:
        length = self.number("Q")
        if length > _LONGEST:
            raise self._refusal(f"a name has {length} bytes, expected at most {_LONGEST}")
        return self._bytes(length).decode(errors="replace")

    def pass_over(self, kind: int) -> None:
        """Pass over a value of a type."""
        count = 1
        if kind == _ARRAY:
            kind, count = self.number("I"), self.number("Q")
        if kind not in _BYTES:
            raise self._refusal(f"a value is of type {kind}, which is unknown")
        if (size := _BYTES[kind]) is not None:
            self._skip(count * size)
        else:
            self._skip_texts(count)

    def _skip_texts(self, count: int) -> None:
        """Pass over texts, each a length and its bytes, block by block: a tokenizer has up to 256,000 words."""
        begin, block = self._at, b""
        for _ in range(count):
            within = self._at - begin
            if within + 8 > len(block):
                self._file.seek(self._at)
                begin, within, block = self._at, 0, self._file.read(_BLOCK)
            self._advance(8 + int.from_bytes(block[within : within + 8], "little"))
        self._file.seek(self._at)

    def tensor(self) -> tuple[str, list[int]]:
        """The name of a tensor and its shape, the slowest dimension first."""
        name, count = self.text(), self.number("I")
        if count > _MOST_DIMENSIONS:
            raise self._refusal(f"a tensor has {count} dimensions, expected at most {_MOST_DIMENSIONS}")
        shape = [self.number("Q") for _ in range(count)]
        self._skip(4 + 8)
        return name, shape[::-1]

    def _bytes(self, count: int) -> bytes:
        self._advance(count)
        return self._file.read(count)

    def _skip(self, count: int) -> None:
        self._advance(count)
        self._file.seek(count, 1)

    def _advance(self, count: int) -> None:
        self._at += count
        if self._at > self._end:
            raise self._refusal(f"its header goes on behind byte {self._end}, where the file ends or reading does")

    def _refusal(self, what: str) -> UserError:
        return UserError(f"{self._path}: {what}; {_INSTEAD}")
