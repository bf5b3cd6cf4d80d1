"""An exported network: operations in the order in which they run, each with what it reads.

Values are float32 images, images of integer levels, or images of int32 sums, all [batch, height, width, channels].
Every float32 operation is one multiplication or one addition, rounded as IEEE 754 says, so that any two programs that
run it agree to the bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The name of the network's input.
INPUT = "input"

#: What each kind of operation has: inputs, attributes, tensors.
KINDS: dict[str, tuple[int, frozenset[str], frozenset[str]]] = {
    kind: (inputs, frozenset(attributes.split()), frozenset(tensors.split()))
    for kind, inputs, attributes, tensors in (
        ("input_conv", 1, "stride padding", "weight"),  # pixels -> float32; sums are exact, then rounded once
        ("pixel_conv", 1, "stride padding", "weight"),  # pixels as integers × int8 weights -> int32 sums
        ("conv", 1, "stride padding x_levels w_levels border", "weight"),  # levels -> int32 sums
        ("scale", 1, "", "scale"),  # int32 sums -> float32, x · scale[c]
        ("affine", 1, "", "factor offset"),  # x · factor[c] + offset[c]
        ("relu", 1, "", ""),
        ("add", 2, "", ""),
        ("max_pool", 1, "size stride padding", ""),  # of floats or levels; the border never wins
        ("quantise", 1, "levels", "bounds"),  # float32 -> levels[number of bounds ≤ x]
        ("threshold", 1, "levels", "sign thresholds"),  # sums -> levels[number of thresholds[:, c] ≤ sign[c] · x]
        ("classifier", 1, "", "weight bias"),  # float32 -> logits of the mean pixel
    )
}


@dataclass(frozen=True, eq=False)
class Operation:
    """One step of a network."""

    kind: str  #: a key of KINDS
    name: str  #: of its result
    inputs: tuple[str, ...]  #: names of earlier results, or INPUT
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tensors: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"operation {self.name}: unknown kind {self.kind!r}; known are {', '.join(KINDS)}")
        inputs, attributes, tensors = KINDS[self.kind]
        if len(self.inputs) != inputs or set(self.attributes) != attributes or set(self.tensors) != tensors:
            found = f"{len(self.inputs)}, {sorted(self.attributes)} and {sorted(self.tensors)}"
            raise ValueError(
                f"operation {self.name}: a {self.kind} has {inputs} inputs, attributes {sorted(attributes)} and "
                f"tensors {sorted(tensors)}; found {found}"
            )


@dataclass(frozen=True, eq=False)
class Program:
    """A network."""

    name: str
    scheme: str  #: the name of its precision
    channels: int  #: of an image
    size: int  #: its height and width
    classes: int
    pixel_bits: int  #: a pixel p is the number p/2^pixel_bits
    operations: tuple[Operation, ...]  #: the last one gives the logits

    def __post_init__(self) -> None:
        known = {INPUT}
        for operation in self.operations:
            for name in operation.inputs:
                if name not in known:
                    raise ValueError(f"operation {operation.name} reads {name!r}, which no earlier operation makes")
            if operation.name in known:
                raise ValueError(f"two operations are named {operation.name!r}")
            known.add(operation.name)
        if not self.operations or self.operations[-1].kind != "classifier":
            raise ValueError("the last operation is no classifier")

    @property
    def weight_bytes(self) -> float:
        """Bytes of all weights and other numbers: float32 and int32 as they are, quantised weights in bit-planes."""
        return sum(
            tensor.size * (plane_count(op.attributes["w_levels"]) / 8 if op.kind == "conv" else tensor.itemsize)
            for op in self.operations
            for tensor in op.tensors.values()
        )


def plane_count(levels: tuple[int, ...]) -> int:
    """Bits that hold the index of a level."""
    return (len(levels) - 1).bit_length()


def as_planes(weight: NDArray[np.int8], levels: tuple[int, ...]) -> NDArray[np.uint8]:
    """Levels [N, …] -> bits of their indices [planes, N, ⌈K/8⌉], bit 0 of byte 0 first. Plane i holds bit i."""
    index = np.searchsorted(levels, weight.reshape(len(weight), -1))
    return np.stack([np.packbits(index >> i & 1, axis=1, bitorder="little") for i in range(plane_count(levels))])


def from_planes(planes: NDArray[np.uint8], levels: tuple[int, ...], shape: tuple[int, ...]) -> NDArray[np.int8]:
    """The inverse of :func:`as_planes`. Raises ValueError for planes that do not fit the shape or the levels."""
    k = int(np.prod(shape[1:]))
    expected = (plane_count(levels), shape[0], -(-k // 8))
    if planes.shape != expected or planes.dtype != np.uint8:
        raise ValueError(f"bit-planes of shape {planes.shape}, expected {expected}")
    bits = np.unpackbits(planes, axis=2, count=k, bitorder="little").astype(np.intp)
    index = sum(bits[i] << i for i in range(len(planes)))
    if np.max(index) >= len(levels):
        raise ValueError(f"a weight has level {np.max(index)} of {len(levels)}")
    weight: NDArray[np.int8] = np.asarray(levels, np.int8)[index].reshape(shape)
    return weight
