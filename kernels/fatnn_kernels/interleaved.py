"""FATNN's codec as its authors have it: a trit is a field of two neighbouring bits, sixteen fields a word.

    −1 → 00,  0 → 01 or 10,  +1 → 11                      x·w = pc(TM(x, w)) − N

A field of TM holds as many ones as the product of its trits plus 1. Equal bits of x and w give ones, except where the
weight is 0: there m replaces them by 01, one bit whatever x is.

    m        = (((w ≫ 1) ∧ 0x55…) ∨ ((w ≪ 1) ∧ 0xAA…)) ⊕ w     11 where w = 0, else 00
    TM(x, w) = (m ∧ 0x55…) ∨ (¬m ∧ ¬(x ⊕ w))

Chen, Zhuang, Shen, "FATNN: Fast and Accurate Ternary Neural Networks", ICCV 2021. What depends on w alone can be stored
in its place, four bits a weight, and two gates are left (this simplification is ours):

    TM(x, w) = (x ∧ D) ⊕ B,    D = ¬m,  B = ¬w, a code of −w

A word is filled up with −1 in x and +1 in w, whose TM is 00: it adds no ones, and N stays the number of true trits.
This is the paper's form, to read and to compare with: nothing that is timed uses it. What is timed is the same on
planes, :mod:`fatnn_kernels.ternary_fatnn`; tests hold the two against each other.
"""

from typing import Any, Literal, TypeAlias

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from fatnn_kernels.checks import check_count, check_values
from fatnn_kernels.intrinsics import popcount_word
from fatnn_kernels.jit import compiled
from fatnn_kernels.packing import check_domain
from fatnn_kernels.product import TERNARY_VALUES

#: The code of a zero; either serves, and x and w may differ in it.
ZeroCode: TypeAlias = Literal[0b01, 0b10]

TRITS_PER_WORD = 16
_LOW, _HIGH = np.uint32(0x5555_5555), np.uint32(0xAAAA_AAAA)  # the two bits of every field


def encode_x(trits: NDArray[Any], zero: ZeroCode = 0b01) -> NDArray[np.uint32]:
    """Activations [..., K] ∈ {−1, 0, 1} -> words [..., ⌈K/16⌉], uint32; trit 0 is in the lowest bits."""
    return _encode(trits, zero, fill=0b00)


def encode_w(trits: NDArray[Any], zero: ZeroCode = 0b01) -> NDArray[np.uint32]:
    """Weights [..., K] ∈ {−1, 0, 1} -> words [..., ⌈K/16⌉], uint32; trit 0 is in the lowest bits."""
    return _encode(trits, zero, fill=0b11)


def _encode(trits: NDArray[Any], zero: ZeroCode, fill: int) -> NDArray[np.uint32]:
    if not isinstance(trits, np.ndarray) or trits.ndim == 0 or trits.size == 0 or trits.dtype.kind not in "iuf":
        raise ValueError("interleaved: expected an array of numbers [..., K], K at least 1")
    if zero not in (0b01, 0b10):
        raise ValueError(f"interleaved: the code of a zero is {zero!r}; expected 0b01 or 0b10")
    *rows, k = trits.shape
    check_domain("interleaved", "trits", trits.reshape(-1, k), TERNARY_VALUES)
    fields = np.full((*rows, -(-k // TRITS_PER_WORD), TRITS_PER_WORD), fill, np.uint32)
    codes = np.array([0b00, zero, 0b11], np.uint32)
    fields.reshape(*rows, -1)[..., :k] = codes[trits.astype(np.intp) + 1]
    shifts = np.arange(0, 2 * TRITS_PER_WORD, 2, dtype=np.uint32)
    words: NDArray[np.uint32] = np.bitwise_or.reduce(fields << shifts, axis=-1)
    return words


@register_jitable  # type: ignore[untyped-decorator]
def zero_mask(w: Any) -> Any:
    """m: 11 in the fields where the weight is 0, 00 elsewhere; words to words."""
    return (((w >> 1) & _LOW) | ((w << 1) & _HIGH)) ^ w


@register_jitable  # type: ignore[untyped-decorator]
def ternary_multiply(x: Any, w: Any) -> Any:
    """TM(x, w): fields whose number of ones is the product of their trits plus 1; words to words."""
    m = zero_mask(w)
    return (m & _LOW) | (~m & ~(x ^ w))


def stored_weights(w: Any) -> tuple[Any, Any]:
    """(D, B), what the simplified form keeps of the weights; words to words."""
    return ~zero_mask(w), ~w


def ternary_multiply_stored(x: Any, d: Any, b: Any) -> Any:
    """TM from stored weights: (x ∧ D) ⊕ B; words to words."""
    return (x & d) ^ b


def inner_product(x: NDArray[np.uint32], w: NDArray[np.uint32], n: int) -> int:
    """x·w = pc(TM(x, w)) − N, a word at a time.

    Parameters
    ----------
    x, w
        [⌈N/16⌉] words of :func:`encode_x` and :func:`encode_w`.
    n
        N, the number of trits.

    Raises
    ------
    ValueError
        N is less than 1, or x or w is no array of as many words.

    Examples
    --------
    >>> import numpy as np
    >>> from fatnn_kernels.interleaved import encode_w, encode_x, inner_product
    >>> inner_product(encode_x(np.array([1, 0, -1])), encode_w(np.array([1, 1, 1])), 3)
    0
    """
    check_count("N", n)
    for what, words in (("x", x), ("w", w)):
        check_values("interleaved", what, words, (-(-n // TRITS_PER_WORD),), np.uint32)
    return int(_inner_product(x, w, n))


@compiled()
def _inner_product(x: NDArray[np.uint32], w: NDArray[np.uint32], n: int) -> int:
    ones = 0
    for i in range(len(x)):
        # Numba computes in 64 bits: the upper half of an inverted word is no part of it
        ones += popcount_word(np.uint32(ternary_multiply(x[i], w[i])))
    return ones - n
