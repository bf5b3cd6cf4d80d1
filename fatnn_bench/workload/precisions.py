"""What a person chooses: the precisions, in the order of tables and figures, and how they are written in a sentence.

A row says its precision. A file from before rows said it is read by the names of its kernels: a precision, with a
library before it or what tells kernels of one precision apart behind it.
"""

from functools import lru_cache
from typing import NamedTuple, Protocol

__all__ = [
    "BINARY",
    "FLOAT32",
    "INT8",
    "PRECISIONS",
    "TERNARY",
    "TWO_BIT",
    "Precision",
    "get",
    "named",
    "of",
    "place",
    "words",
]


class Precision(NamedTuple):
    """A precision of weights and activations."""

    name: str  #: as in rows
    words: str  #: as in a sentence
    weight_bits: int  #: of a stored weight


FLOAT32, INT8, TWO_BIT, TERNARY, BINARY = "float32", "int8", "two-bit", "ternary", "binary"
#: From the most bits to the fewest.
PRECISIONS = (
    Precision(FLOAT32, "float32", 32),
    Precision("tf32", "TF32", 32),
    Precision("float16", "float16", 16),
    Precision("bfloat16", "bfloat16", 16),
    Precision("float8", "float8", 8),
    Precision(INT8, "int8", 8),
    Precision("four-bit-int8", "4-bit × int8", 4),
    Precision(TWO_BIT, "2-bit", 2),
    Precision("two-bit-int8", "2-bit × int8", 2),
    Precision(TERNARY, "ternary", 2),
    Precision("ternary-int8", "ternary × int8", 2),
    Precision("ternary-binary", "ternary × binary", 1),
    Precision(BINARY, "binary", 1),
)
_BY_NAME = {one.name: one for one in PRECISIONS}


class Measured(Protocol):
    """What a row says of its kernel."""

    @property
    def kernel(self) -> str: ...

    @property
    def precision(self) -> str | None: ...


@lru_cache(1024)
def named(kernel: str) -> str | None:
    """Return the precision that a kernel is named for; None if it is for none.

    >>> [named(kernel) for kernel in ("torch.int8", "ternary-fatnn", "ternary-binary-lookup", "mylib.fast")]
    ['int8', 'ternary', 'ternary-binary', None]
    """
    own = kernel.rpartition(".")[2]
    fitting = [one.name for one in PRECISIONS if own == one.name or own.startswith(f"{one.name}-")]
    return max(fitting, key=len, default=None)


def of(row: Measured) -> str | None:
    """Return the precision of a row: what it says, or else what its kernel is named for."""
    return row.precision or named(row.kernel)


def place(precision: str | None) -> int:
    """Return where a precision stands in the order; strangers come last."""
    names = [one.name for one in PRECISIONS]
    return names.index(precision) if precision in names else len(names)


def get(precision: str) -> Precision:
    """Return the precision of a name. Raises KeyError for a stranger."""
    return _BY_NAME[precision]


def words(precision: str) -> str:
    """Return a precision as in a sentence."""
    return _BY_NAME[precision].words if precision in _BY_NAME else precision
