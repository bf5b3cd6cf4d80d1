"""How a precision is computed, in words. Kernels that are of no way, as other libraries' are, have none."""

__all__ = ["place", "words"]

#: In the order of figures.
_WORDS = {
    "fma": "by multiply-adds",
    "popcount": "by popcounts",
    "lookup": "by look-up",
    "dot": "by dot products",
    "tiles": "by matrix tiles",
    "tensor": "on tensor cores",
}


def words(way: str | None) -> str:
    """Return a way as in a sentence; empty where there is none.

    >>> words("lookup")
    'by look-up'
    """
    return _WORDS.get(way, f"by {way}") if way else ""


def place(way: str | None) -> int:
    """Return where a way stands in the order; strangers come last."""
    return [*_WORDS].index(way) if way in _WORDS else len(_WORDS)
