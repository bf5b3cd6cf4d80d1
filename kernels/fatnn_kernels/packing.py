"""Packed operands: words in the order in which a tile reads them.

x lies as [tile][word][plane][row] and y as [tile][word][plane][column], so that a tile walks through memory in one
direction. Rows and columns are filled up to whole tiles with zero words. Words begin with a cache line: a vector load
that crosses lines counts as two.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.aligned import aligned
from fatnn_kernels.checks import check_count, check_memory
from fatnn_kernels.product import Domain, Product, Words
from fatnn_kernels.tile import Tile


@dataclass(frozen=True, eq=False)
class Packed:
    """One operand of a GEMM, ready for the tile it was packed for; arrays that do not fit it raise ValueError."""

    tile: Tile
    side: Literal["x", "y"]
    words: NDArray[np.uint32]  #: [tiles, words, planes, rows or columns of a tile]
    term: NDArray[Any]  #: [tiles · rows or columns of a tile], the product's term of this operand
    count: int  #: rows of the result (x) or columns (y)
    k: int  #: values of an inner product

    def __post_init__(self) -> None:
        product, who = self.tile.product, f"{self.tile.product.name}, packed {self.side}"
        if self.side not in ("x", "y"):
            raise ValueError(f"{product.name}: the side is {self.side!r}; expected 'x' or 'y'")
        check_count(f"{who}: count", self.count)
        check_count(f"{who}: K", self.k)
        is_x = self.side == "x"
        planes, width = (product.x_planes, self.tile.rows) if is_x else (product.y_planes, self.tile.columns)
        tiles = -(-self.count // width)
        check_memory(who, "words", self.words, (tiles, product.words(self.k), planes, width), np.uint32)
        check_memory(who, "term", self.term, (tiles * width,), product.dtype)

    @property
    def nbytes(self) -> int:
        """Bytes of the packed words."""
        return self.words.nbytes


def pack(tile: Tile, side: Literal["x", "y"], values: NDArray[Any]) -> Packed:
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
    domain = product.x_domain if side == "x" else product.y_domain
    check_domain(product.name, side, values, domain)
    if side == "x":
        planes, width = product.encode_x(values), tile.rows
        term = x_term(product, planes)
    else:
        planes, width = product.encode_y(values), tile.columns
        term = product.y_term(values)
    return Packed(
        tile=tile,
        side=side,
        words=interleave(planes, width),
        term=filled(term.astype(product.dtype), width),
        count=len(values),
        k=values.shape[1],
    )


def x_term(product: Product, planes: Words) -> NDArray[Any]:
    """The part of n that x alone decides: [planes, R, words] -> [R]."""
    if product.x_term_plane is None:
        return np.zeros(planes.shape[1], np.int32)
    return np.asarray(np.bitwise_count(planes[product.x_term_plane]).sum(axis=-1, dtype=np.int32))


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
    accepted = "f" if product.accumulate == "float32" else "iuf"
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


def interleave(planes: NDArray[np.uint32], width: int) -> NDArray[np.uint32]:
    """[planes, R, words] -> [⌈R/width⌉, words, planes, width]."""
    count, rows, words = planes.shape
    tiles = -(-rows // width)
    packed = aligned((tiles, words, count, width), np.uint32)
    whole = rows // width
    packed[:whole] = planes[:, : whole * width].reshape(count, whole, width, words).transpose(1, 3, 0, 2)
    if whole < tiles:
        packed[whole, :, :, : rows - whole * width] = planes[:, whole * width :].transpose(2, 0, 1)
    return packed


def filled(term: NDArray[Any], width: int) -> NDArray[Any]:
    """A term of each row, filled up with zeros to whole tiles."""
    filled = aligned(-(-len(term) // width) * width, term.dtype)
    filled[: len(term)] = term
    return filled
