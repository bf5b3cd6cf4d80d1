"""How a float activation becomes a value of a domain, for every kernel alike, and the reference that computes it.

The bounds suit activations of unit variance: what is measured does not depend on them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_kernels.product import BINARY_VALUES, INT8_VALUES, TERNARY_VALUES, TWO_BIT_VALUES, Domain

#: By domain: the least float of each value but the lowest; for int8 the factor of R(clip(v · factor, −128, 127)).
BOUNDS = {
    BINARY_VALUES.name: (0.0,),
    TERNARY_VALUES.name: (-0.5, 0.5),
    TWO_BIT_VALUES.name: (0.5, 1.0, 1.5),
    INT8_VALUES.name: (40.0,),
}

_VALUES = {
    BINARY_VALUES.name: (-1, 1),
    TERNARY_VALUES.name: (-1, 0, 1),
    TWO_BIT_VALUES.name: (0, 1, 2, 3),
}


def bounds(domain: Domain) -> tuple[float, ...]:
    """The bounds of a domain, as :class:`fatnn_kernels.convolution.Convolution` takes them."""
    return BOUNDS.get(domain.name, ())


def quantised(activations: NDArray[np.float32], domain: Domain) -> NDArray[Any]:
    """The values that float activations become, the same shape; float32 is kept as it is."""
    if domain.name == INT8_VALUES.name:
        scaled = activations * np.float32(BOUNDS[domain.name][0])
        return np.asarray(np.clip(np.rint(scaled), -128, 127), np.int8)
    if domain.name not in _VALUES:
        return activations
    limits = np.asarray(BOUNDS[domain.name], np.float32)
    reached = (activations[..., None] >= limits).sum(axis=-1)
    levels = np.asarray(_VALUES[domain.name], np.int8)
    return np.asarray(levels[reached])
