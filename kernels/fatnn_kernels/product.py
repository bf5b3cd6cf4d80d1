"""What an inner product is: two operands, a step and a finish.

An inner product x·y = Σₖ xₖ yₖ is computed on *words* of 32 bits. The codecs of x and y turn K values into planes of
words. A *step* takes as many values of both as the denser codec has in a word: one word a plane of that one, one or
several of the other. ``step`` folds them into the accumulators, ``finish`` turns the accumulators into the result:

    acc = 0;  for each k:  acc = step(acc, x[k], y[k]);  result = finish(acc, n),  n = terms of x + terms of y

``step`` and ``finish`` are ordinary Python over ``& | ^ ~ + -`` and the functions of :mod:`fatnn_kernels.operations`,
so the same few lines run on NumPy ``uint32`` arrays, build SIMD code (:mod:`fatnn_kernels.tile`), and compile for a
GPU.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.codec import Codec, Encoder, Values, Words
from fatnn_kernels.counted import Counted

#: How a machine computes a product: :mod:`fatnn_kernels.accumulate` has a function for each that is on CPUs.
Way: TypeAlias = Literal["popcount", "lookup", "tensor", "dot", "tiles", "fma"]
Side: TypeAlias = Literal["x", "y"]
#: (acc, words of x, words of y) -> acc, for whatever computes: NumPy arrays, SIMD vectors, registers of a GPU.
Step: TypeAlias = Callable[[Sequence[Any], Sequence[Any], Sequence[Any]], tuple[Any, ...]]
#: (acc, n) -> result.
Finish: TypeAlias = Callable[[Sequence[Any], Any], Any]
#: The part of n that an operand alone decides: [R, K] values -> [R].
Term: TypeAlias = Callable[[Values], NDArray[np.int32]]


@dataclass(frozen=True)
class Domain:
    """The values an operand may hold."""

    name: str  #: as a person writes it, for example "{-1, 0, 1}"
    low: float
    high: float
    excluded: float | None = None  #: a hole between the two, as 0 is for binary values
    integral: bool = True  #: only whole numbers

    @property
    def border(self) -> float:
        """The value around an image: 0, or +1 where there is no 0."""
        return 1.0 if self.excluded == 0 else 0.0


BINARY_VALUES = Domain("{-1, 1}", -1, 1, excluded=0)
TERNARY_VALUES = Domain("{-1, 0, 1}", -1, 1)
TWO_BIT_VALUES = Domain("{0, 1, 2, 3}", 0, 3)
INT8_VALUES = Domain("the whole numbers from -128 to 127", -128, 127)
FLOAT32_VALUES = Domain(
    "the finite float32 numbers", -float(np.finfo(np.float32).max), float(np.finfo(np.float32).max), integral=False
)


def no_term(values: Values) -> NDArray[np.int32]:
    """0: nothing of the result depends on this operand alone."""
    return np.zeros(len(values), np.int32)


def length_term(values: Values) -> NDArray[np.int32]:
    """N, the number of values: the N of x·y = N − Σ popcounts."""
    return np.full(len(values), values.shape[1], np.int32)


C = TypeVar("C", bound=Encoder, covariant=True)


@dataclass(frozen=True)
class Operand(Generic[C]):
    """One side of a product."""

    domain: Domain
    codec: C
    term: Term = no_term  #: of y; not of x, whose words are made from floats while the clock runs
    per_bit: tuple[int, ...] = ()  #: what each one-bit of each plane adds to n; () for nothing

    def terms(self, values: Values, words: Words) -> NDArray[np.int32]:
        """The part of n that the operand decides: values [R, K], also as words [planes, R, words] -> [R]."""
        total = self.term(values)
        for worth, plane in zip(self.per_bit, words, strict=bool(self.per_bit)):
            total = total + worth * np.bitwise_count(plane).sum(axis=-1, dtype=np.int32)
        return total


@dataclass(frozen=True, repr=False)
class Product:
    """An inner product, written once."""

    name: str  #: the kernel's name in case ids
    precision: str  #: what a person chooses, such as "ternary"; "ternary-binary" where weights have another
    way: Way
    x: Operand[Codec]  #: the activations, rows of the result
    y: Operand[Encoder]  #: the weights, columns of the result
    step: Step
    finish: Finish
    max_k: int  #: the largest K whose result fits

    def __post_init__(self) -> None:
        if self.x.term is not no_term:
            raise ValueError(f"{self.name}: x has a term; expected what its bits add, per_bit")
        most = max(self.popcounts)
        if most > _MOST_POPCOUNTS:
            raise ValueError(
                f"{self.name}: a step adds {most} popcounts to an accumulator; expected at most {_MOST_POPCOUNTS}"
            )

    def operand(self, side: Side) -> Operand[Encoder]:
        """x or y.

        Parameters
        ----------
        side
            ``"x"`` for the activations, ``"y"`` for the weights.

        Returns
        -------
        Operand
            The product's operand of that side.
        """
        return self.x if side == "x" else self.y

    @property
    def dtype(self) -> np.dtype[np.int32] | np.dtype[np.float32]:
        """Type of the result."""
        return np.dtype(np.int32) if self.x.domain.integral and self.y.domain.integral else np.dtype(np.float32)

    @property
    def values_per_step(self) -> int:
        """Values of x, and of y, that a step takes."""
        densest = max(self.x.codec.values_per_word, self.y.codec.values_per_word)
        return _TILE_VALUES if self.way == "tiles" else densest

    @property
    def values_per_pixel(self) -> int:
        """A pixel of an image has room for a multiple of so many values of x: those of a step.

        Of tiles, which join pixels, it is those of a word; or as many as they have columns, should these become a
        pixel of the next image.
        """
        if self.way != "tiles":
            return self.values_per_step
        return _TILE_COLUMNS if self.x.codec.levels else self.x.codec.values_per_word

    def steps(self, k: int) -> int:
        """Steps that K values take.

        Parameters
        ----------
        k
            Values of an inner product.

        Returns
        -------
        int
            The count, a last step that is not full included.
        """
        return -(-k // self.values_per_step)

    def words(self, side: Side) -> int:
        """Words of 32 bits that a step takes of x or y, of all planes together.

        Parameters
        ----------
        side
            ``"x"`` for the activations, ``"y"`` for the weights.

        Returns
        -------
        int
            Planes, times the words of each that hold the values of a step.
        """
        codec = self.operand(side).codec
        return codec.planes * (self.values_per_step // codec.values_per_word)

    @cached_property
    def popcounts(self) -> tuple[int, ...]:
        """Popcounts that a step adds to each accumulator: the step is run on words that count them.

        It has as many accumulators as it takes and returns.
        """
        x, y = [Counted()] * self.words("x"), [Counted()] * self.words("y")
        for count in range(1, _MOST_ACCUMULATORS + 1):
            try:
                totals = self.step([Counted()] * count, x, y)
            except (IndexError, ValueError):  # it takes more
                continue
            if len(totals) == count:
                return tuple(total.popcounts for total in totals)
        raise ValueError(f"{self.name}: step takes no 1 to {_MOST_ACCUMULATORS} accumulators that it returns")

    @property
    def accumulators(self) -> int:
        """Sums that a step goes on with."""
        return len(self.popcounts)

    def __repr__(self) -> str:
        return f"Product({self.name!r})"


#: Values of int8 in a row of a matrix tile, 64 bytes.
_TILE_VALUES = 64
#: Columns of a block of matrix tiles.
_TILE_COLUMNS = 32
#: Popcounts of bytes whose sum fits a byte.
_MOST_POPCOUNTS = 255 // 8
#: Accumulators that a step may have; as many as there are registers of any machine.
_MOST_ACCUMULATORS = 32
