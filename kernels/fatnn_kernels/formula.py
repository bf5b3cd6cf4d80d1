"""What a product computes, as a digest: its step, finish and codes are run once on terms that remember their making.

Two products of one name, or steps of one name, differ here as soon as what they compute differs; the same product has
the same digest in every process, so that the disk cache can serve it.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

from fatnn_kernels.codec import BitCode
from fatnn_kernels.product import Product

#: Hexadecimal digits of a digest.
_DIGITS = 16


class _Term:
    """A value of which only the formula is known, as the digest of its text: operands used twice cost nothing."""

    def __init__(self, *text: object) -> None:
        joined = "\0".join(str(part) for part in text)
        self._digest = hashlib.sha256(joined.encode()).hexdigest()[:_DIGITS]

    def __str__(self) -> str:
        return self._digest

    def __invert__(self) -> "_Term":
        return _Term("~", self)

    def __getattr__(self, name: str) -> Callable[..., "_Term"]:
        """A method such as ``popcount``, which the functions of :mod:`fatnn_kernels.operations` call."""
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *operands: _Term(name, self, *operands)


def _operator(name: str) -> Callable[[_Term, object], _Term]:
    return lambda self, other: _Term(name, self, other)


for _name in ("and", "or", "xor", "add", "sub"):
    setattr(_Term, f"__{_name}__", _operator(_name))
    setattr(_Term, f"__r{_name}__", _operator(f"r{_name}"))


@cache
def digest(product: Product) -> str:
    """Sixteen hexadecimal digits that differ between products whose machine code does."""
    x, y, acc = (
        [_Term(side, i) for i in range(count)]
        for side, count in (("x", product.x_planes), ("y", product.y_planes), ("acc", product.accumulators))
    )
    sizes = (product.x_planes, product.y_planes, product.accumulators, product.values_per_word, product.accumulate)
    formulas = (*product.step(acc, x, y), "finish", product.finish(acc, _Term("n")))
    return str(_Term(*sizes, *formulas, *_code(product.encode_x), *_code(product.encode_y)))


def _code(encode: Any) -> tuple[object, ...]:
    """A bit code by its levels and planes; another by its name, which is what the quantiser knows it by."""
    if not isinstance(encode, BitCode):
        return (f"{encode.__module__}.{encode.__qualname__}",)
    reached = [_Term("ge", i) for i in range(len(encode.levels) - 1)]
    return (*encode.levels, *encode.planes(reached))
