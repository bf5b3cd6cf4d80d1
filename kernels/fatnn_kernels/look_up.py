"""The step of a product by look-up: codes of a few values meet in a table of all their inner products.

    acc + Σ table[code of x, code of y]        over the codes of a word

An entry sums over the values of a code what a pair of them is worth, which is no less than 0 and at most a byte:
:mod:`fatnn_kernels.shuffled` looks a whole vector of columns up with one shuffle of bytes.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.field_code import FieldCode
from fatnn_kernels.group_code import GroupCode
from fatnn_kernels.operations import Planes, Sums, look_up


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """What codes of x and y add to a sum."""

    entries: NDArray[np.uint8]  #: [codes of x, codes of y]
    x_bits: int  #: of a code of x
    codes: int  #: that a step looks up

    def __repr__(self) -> str:
        """All that machine code has of it, wherever it lies in memory."""
        content = hashlib.sha256(self.entries.tobytes()).hexdigest()[:16]
        return f"Table({content}, {self.entries.shape}, {self.x_bits}, {self.codes})"

    @property
    def largest(self) -> int:
        """The largest entry."""
        return int(self.entries.max())


@dataclass(frozen=True)
class LookUp:
    """A step, called as any other."""

    x: FieldCode
    y: GroupCode
    worth: Callable[[Any, Any], Any]  #: what a pair of values adds, on NumPy arrays

    def __call__(self, acc: Planes, x: Planes, y: Planes) -> Sums:
        return (acc[0] + look_up(self.table, x[0], y),)

    @cached_property
    def table(self) -> Table:
        """The sums of what pairs are worth; 0 where a field stands for no value."""
        x, y = (self._values(fields) for fields in (self.x, self.y.fields))
        each = np.where(np.isnan(x[:, None] + y[None]), 0, self.worth(x[:, None], y[None]))
        values = max(self.x.values_per_word, self.y.values_per_word)
        return Table(each.sum(-1).astype(np.uint8), self.x.bits * self.y.group, values // self.y.group)

    def _values(self, fields: FieldCode) -> NDArray[np.float64]:
        """[codes, group]: the values of each code; NaN where a field stands for none."""
        of_field = np.full(1 << fields.bits, np.nan)
        levels = np.array(fields.levels)
        of_field[fields.fields(levels)] = levels
        shifts = np.arange(self.y.group) * fields.bits
        codes = np.arange(1 << (fields.bits * self.y.group))
        values: NDArray[np.float64] = of_field[(codes[:, None] >> shifts) & ((1 << fields.bits) - 1)]
        return values
