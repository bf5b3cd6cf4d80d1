"""One step of an exported network: its kind, what it reads, its attributes and its tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

#: The name of the network's input.
INPUT = "input"

#: What each kind of operation has: inputs, attributes, tensors.
KINDS: dict[str, tuple[int, frozenset[str], frozenset[str]]] = {
    kind: (inputs, frozenset(attributes.split()), frozenset(tensors.split()))
    for kind, inputs, attributes, tensors in (
        ("input_conv", 1, "stride padding", "weight"),  # floats -> float32; sums are rounded once
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
