"""Codes of a few values each, a byte a code: what a shuffle takes as an index."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.aligned import aligned
from fatnn_kernels.codec import Values, Words, as_words
from fatnn_kernels.field_code import FieldCode, joined
from fatnn_kernels.tile import Tile


@dataclass(frozen=True)
class GroupCode:
    """The fields of ``group`` values side by side in a byte, four bytes a word."""

    fields: FieldCode
    group: int
    planes: ClassVar[int] = 1

    @property
    def values_per_word(self) -> int:
        return 4 * self.group

    def encode(self, values: Values) -> Words:
        """[R, K] -> words [1, R, ⌈K / values_per_word⌉]."""
        codes = joined(self.fields.fields(values), self.group, self.fields.bits)
        return as_words(codes.astype(np.uint8))[None]


def interleave_codes(tile: Tile, words: Words) -> NDArray[np.uint32]:
    """Words of four codes, [words, R, steps] -> [⌈R / columns⌉, steps, words, columns], code by code of all columns.

    A vector of bytes holds one code of as many columns. Byte v of its lane l belongs to the column that lane l of the
    v-th vector of results has: sums in bytes become results by shifts alone.
    """
    count, rows, steps = words.shape
    lanes, tiles = tile.lanes, -(-rows // tile.columns)
    filled = np.zeros((count, tiles * tile.columns, steps), np.uint32)
    filled[:, :rows] = words
    codes = filled.view(np.uint8).reshape(count, tiles, tile.vectors // 4, 4, lanes, steps, 4)
    by_code = codes.transpose(1, 5, 0, 6, 2, 4, 3)  # tile, step, word, code, vector of bytes, lane, byte of a lane
    packed = aligned((tiles, steps, count, tile.columns), np.uint32)
    packed.view(np.uint8).reshape(by_code.shape)[:] = by_code
    return packed
