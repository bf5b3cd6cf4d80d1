"""What an inner product is: its domain, its codec, its step, its finish and its cost.

An inner product x·y = Σₖ xₖ yₖ is computed on *words* of 32 bits. The codec turns K values into planes of words;
``step`` folds one word of each plane of x and y into the accumulators; ``finish`` turns the accumulators into the
result:

    acc = 0;  for each word k:  acc = step(acc, x[k], y[k]);  result = finish(acc, n),  n = x_term(x) + y_term(y)

``step`` and ``finish`` are ordinary Python over ``& | ^ ~ + -`` and the functions of :mod:`fatnn_kernels.operations`,
so the same few lines run on NumPy ``uint32`` arrays, build SIMD code (:mod:`fatnn_kernels.tile`), and compile for a
GPU.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Planes of packed words: [planes, R, words], uint32, for R vectors of K values.
Words: TypeAlias = NDArray[np.uint32]
#: One value of each plane: NumPy words, SIMD vectors or GPU lanes.
Planes: TypeAlias = Sequence[Any]
Codec: TypeAlias = Callable[[NDArray[Any]], Words]
#: The part of the result that depends on y only: [N, K] values -> [N].
Term: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True)
class Domain:
    """The values an operand may hold."""

    name: str  #: as a person writes it, for example "{-1, 0, 1}"
    low: float
    high: float
    excluded: float | None = None  #: a hole between the two, as 0 is for binary values
    integral: bool = True  #: only whole numbers


@dataclass(frozen=True)
class Cost:
    """Operations on words for one word of values of x and y (one element of each plane).

    ``two_input`` counts gates of two inputs, ``three_input`` the same step where an instruction takes three
    (``vpternlog``, LOP3); ``multiply_adds`` counts multiply-and-add instructions.
    """

    two_input: int = 0
    three_input: int = 0
    popcounts: int = 0
    adds: int = 0
    multiply_adds: int = 0


@dataclass(frozen=True)
class Product:
    """An inner product, written once."""

    name: str  #: the kernel's name in case ids
    x_domain: Domain  #: of the activations, rows of the result
    y_domain: Domain  #: of the weights, columns of the result
    encode_x: Codec
    encode_y: Codec
    step: Callable[[Any, Planes, Planes], tuple[Any, ...]]  #: (acc, x, y) -> acc
    finish: Callable[[Any, Any], Any]  #: (acc, n) -> result
    x_planes: int
    y_planes: int
    accumulators: int
    values_per_word: int  #: 32 for bit-planes, 4 for bytes, 1 for float32
    cost: Cost
    max_k: int  #: the largest K whose result fits
    accumulate: Literal["popcounts", "int32", "float32"]  #: what an accumulator sums
    y_term: Term  #: the part of n that y alone decides
    x_term_plane: int | None = None  #: the plane of x whose popcount is the part of n that x alone decides; None for 0

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the result."""
        return np.dtype(np.float32 if self.accumulate == "float32" else np.int32)

    def words(self, k: int) -> int:
        """Words of 32 bits that a plane holds for K values.

        Parameters
        ----------
        k
            Values of an inner product.

        Returns
        -------
        int
            The count, a last word that is not full included.
        """
        return -(-k // self.values_per_word)

    def __repr__(self) -> str:
        return f"Product({self.name!r})"


BINARY_VALUES = Domain("{-1, 1}", -1, 1, excluded=0)
TERNARY_VALUES = Domain("{-1, 0, 1}", -1, 1)
TWO_BIT_VALUES = Domain("{0, 1, 2, 3}", 0, 3)
INT8_VALUES = Domain("the whole numbers from -128 to 127", -128, 127)
FLOAT32_VALUES = Domain(
    "the finite float32 numbers", -float(np.finfo(np.float32).max), float(np.finfo(np.float32).max), integral=False
)


def no_term(values: NDArray[Any]) -> NDArray[Any]:
    """0: nothing of the result depends on y alone."""
    return np.zeros(len(values), np.int32)


def length_term(values: NDArray[Any]) -> NDArray[Any]:
    """N, the number of values: the N of x·y = N − Σ popcounts."""
    return np.full(len(values), values.shape[1], np.int32)
