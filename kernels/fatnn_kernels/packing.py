"""Packed operands: words in the order in which a tile reads them.

x lies as [tile][step][word][row], for matrix tiles as [tile][step][row][word], and y as [tile][step][word][column], so
that a tile walks through memory in one direction. Rows and columns are filled up to whole tiles with zero words. Words
begin with a cache line: a vector load that crosses lines counts as two.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.aligned import aligned
from fatnn_kernels.checks import check_count, check_memory
from fatnn_kernels.codec import Values, Words, as_words
from fatnn_kernels.group_code import interleave_codes
from fatnn_kernels.operands import PackedY
from fatnn_kernels.panels import DenseY, columns
from fatnn_kernels.product import Domain, Product, Side
from fatnn_kernels.tile import Tile

#: Channels of a packed image that a tile of look-ups writes at once, or a part of them, or twice as many.
COLUMNS_OF_PIXELS = 64


@dataclass(frozen=True, eq=False)
class Packed:
    """One operand of a GEMM, ready for the tile it was packed for; arrays that do not fit it raise ValueError.

    What the bits say is not looked at: :func:`pack` makes words of values alone, and to look would read the operand
    once more than the product does. Words made by hand compute what the product's identity makes of their bits. Where
    a pattern stands for no value, as of two planes that exclude each other or of a bit behind K, that is no product of
    values; no memory is read or written elsewhere.
    """

    tile: Tile
    side: Side
    words: NDArray[np.uint32]  #: [tiles, steps, words of a step, rows or columns of a tile]
    term: NDArray[Any]  #: [tiles · rows or columns of a tile], the product's term of this operand
    count: int  #: rows of the result (x) or columns (y)
    k: int  #: values of an inner product

    def __post_init__(self) -> None:
        product, who = self.tile.product, f"{self.tile.product.name}, packed {self.side}"
        if self.side not in ("x", "y"):
            raise ValueError(f"{product.name}: the side is {self.side!r}; expected 'x' or 'y'")
        check_count(f"{who}: count", self.count)
        check_count(f"{who}: K", self.k)
        width = self.tile.rows if self.side == "x" else self.tile.columns
        tiles = -(-self.count // width)
        inner = product.words(self.side), width
        shape = (tiles, product.steps(self.k), *(reversed(inner) if _by_row(self.tile, self.side) else inner))
        check_memory(who, "words", self.words, shape, np.uint32)
        check_memory(who, "term", self.term, (tiles * width,), product.dtype)

    @cached_property
    def columns(self) -> PackedY | DenseY:
        """y, as compiled code takes it."""
        return columns(self.tile, self.words)

    @property
    def nbytes(self) -> int:
        """Bytes of the packed words."""
        return self.words.nbytes


def pack(tile: Tile, side: Side, values: Values) -> Packed:
    """Check and pack one operand.

    Parameters
    ----------
    tile
        The tile that will read the operand.
    side
        ``"x"`` for the rows of the result (activations), ``"y"`` for its columns (weights).
    values
        [R, K], integers or floats, R and K ≥ 1, in any memory layout.

    Raises
    ------
    ValueError
        The dtype or shape is wrong, K is larger than the product's ``max_k``, or a value lies outside the domain.
    """
    product = tile.product
    _check_shape(product, side, values)
    values = np.asarray(values)  # of a subclass, whose operators may differ
    operand, width = product.operand(side), tile.rows if side == "x" else tile.columns
    check_domain(product.name, side, values, operand.domain)
    planes = operand.codec.encode(values)
    return Packed(
        tile=tile,
        side=side,
        words=arranged(tile, side, words_of_steps(product, side, planes)),
        term=filled(operand.terms(values, planes).astype(product.dtype), width),
        count=len(values),
        k=values.shape[1],
    )


def words_of_steps(product: Product, side: Side, planes: Words) -> Words:
    """Planes [planes, R, words] -> what each step takes, [words of a step, R, steps]: word by word, all planes of it.

    They are filled up to whole steps with zero words.
    """
    count, rows, words = planes.shape
    together = product.words(side) // count
    missing = -words % together
    if missing:
        planes = np.pad(planes, ((0, 0), (0, 0), (0, missing)))
    by_step = planes.reshape(count, rows, -1, together)
    return by_step.transpose(3, 0, 1, 2).reshape(count * together, rows, -1)


def pixel_words(product: Product, channels: int) -> int:
    """Words that so many channels of a pixel take in an image, of all planes together: whole steps.

    What look-ups read ends with a whole word, and begins with one for every 64 channels, which their tiles write.
    """
    codec, steps, values = product.x.codec, product.steps(channels), product.values_per_pixel
    if product.way != "lookup":
        return -(-channels // values) * (values // codec.values_per_word) * codec.planes
    read = (steps - 1) * codec.word_bytes + 4
    written = -(-channels // COLUMNS_OF_PIXELS) * COLUMNS_OF_PIXELS * len(codec.bit_masks) // 8
    return -(-max(read, written) // 4)


def pixel(product: Product, planes: Words) -> NDArray[np.uint32]:
    """One vector of values in planes, [planes, 1, words] -> its words in an image, [words · planes]."""
    codec = product.x.codec
    as_bytes = np.ascontiguousarray(planes[:, 0].T).view(np.uint8).reshape(-1, 4)[:, : codec.word_bytes].ravel()
    (row,) = as_words(as_bytes[None])
    return np.asarray(row)


def check_domain(name: str, side: str, values: NDArray[Any], domain: Domain) -> None:
    """Raise a ValueError that names the first value outside the domain."""
    if values.dtype == np.float16:
        values = values.astype(np.float32)  # which the bounds of every domain fit
    inside = (values >= domain.low) & (values <= domain.high)
    if domain.excluded is not None:
        inside &= values != domain.excluded
    if domain.integral and values.dtype.kind == "f":
        inside &= values == np.rint(values)
    if not inside.all():
        row, column = (int(i) for i in np.unravel_index(np.argmin(inside), values.shape))
        raise ValueError(f"{name}: {side}[{row}, {column}] is {values[row, column]}, outside the domain {domain.name}")


def _check_shape(product: Product, side: str, values: NDArray[Any]) -> None:
    if not isinstance(values, np.ndarray):
        raise ValueError(f"{product.name}: {side} is a {type(values).__name__}; expected a NumPy array [rows, K]")
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"{product.name}: {side} has shape {values.shape}; expected [rows, K] with both at least 1")
    check_numbers(product, side, values)
    check_k(product, side, values.shape[1])


def check_numbers(product: Product, side: str, values: NDArray[Any]) -> None:
    """Raise a ValueError unless the dtype is one that the product takes."""
    accepted = "iuf" if product.dtype == np.int32 else "f"
    if values.dtype.kind not in accepted:
        kinds = "floating-point" if accepted == "f" else "integer or floating-point"
        raise ValueError(f"{product.name}: {side} has dtype {values.dtype}; expected {kinds} numbers")


def check_k(product: Product, side: str, k: int) -> None:
    """Raise a ValueError where the result may not fit its type."""
    if reason := beyond_max_k(product, k):
        raise ValueError(f"{product.name}: {side} has {reason}")


def beyond_max_k(product: Product, k: int) -> str:
    """Why inner products of so many values may not fit their type; empty if they do."""
    return f"K = {k}; the {product.dtype} result can overflow beyond K = {product.max_k}" if k > product.max_k else ""


def arranged(tile: Tile, side: Side, words: Words) -> NDArray[np.uint32]:
    """What steps take, [words of a step, R, steps], in the order in which the tile reads it."""
    if side == "y" and tile.product.way == "lookup":
        return interleave_codes(tile, words)
    packed = interleave(words, tile.rows if side == "x" else tile.columns)
    if not _by_row(tile, side):
        return packed
    tiles, steps, count, width = packed.shape
    by_row = aligned((tiles, steps, width, count), np.uint32)
    by_row[:] = packed.swapaxes(2, 3)
    return by_row


def _by_row(tile: Tile, side: Side) -> bool:
    """Whether the words of a row at a step lie side by side: matrix tiles take them so."""
    return tile.product.way == "tiles" and side == "x"


def interleave(words: Words, width: int) -> NDArray[np.uint32]:
    """[words, R, steps] -> [⌈R/width⌉, steps, words, width]."""
    count, rows, steps = words.shape
    tiles = -(-rows // width)
    packed = aligned((tiles, steps, count, width), np.uint32)
    whole = rows // width
    packed[:whole] = words[:, : whole * width].reshape(count, whole, width, steps).transpose(1, 3, 0, 2)
    if whole < tiles:
        packed[whole, :, :, : rows - whole * width] = words[:, whole * width :].transpose(2, 0, 1)
    return packed


def filled(term: NDArray[Any], width: int) -> NDArray[Any]:
    """A term of each row, filled up with zeros to whole tiles."""
    filled = aligned(-(-len(term) // width) * width, term.dtype)
    filled[: len(term)] = term
    return filled
