"""What a product computes, as a digest: its step and finish are run once on terms that remember their making.

Of the codecs, that of x is compiled, too: it is known by what it prints, which is all that it quantises by.

Two products of one name, or steps of one name, differ here as soon as what they compute differs; the same product has
the same digest in every process, so that the disk cache can serve it.
"""

import hashlib
from collections.abc import Callable
from functools import cache

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


for _name in ("and", "or", "xor", "add", "sub", "rshift"):
    setattr(_Term, f"__{_name}__", _operator(_name))
    setattr(_Term, f"__r{_name}__", _operator(f"r{_name}"))


@cache
def digest(product: Product) -> str:
    """Sixteen hexadecimal digits that differ between products whose machine code does."""
    counts = product.words("x"), product.words("y"), product.accumulators
    x, y, acc = ([_Term(side, i) for i in range(count)] for side, count in zip(("x", "y", "acc"), counts, strict=True))
    codec = product.x.codec
    sizes = (*counts, product.values_per_step, product.way, product.dtype, f"{type(codec).__module__}.{codec!r}")
    return str(_Term(*sizes, *product.step(acc, x, y), "finish", product.finish(acc, _Term("n"))))
