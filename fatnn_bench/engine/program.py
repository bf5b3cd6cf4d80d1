"""An exported network: operations in the order in which they run, each with what it reads.

Values are float32 images, images of integer levels, or images of int32 sums, all [batch, height, width, channels].
Every float32 operation is one multiplication or one addition, rounded as IEEE 754 says, so that any two programs that
run it agree to the bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fatnn_bench.engine.operation import Operation
from fatnn_bench.engine.planes import plane_count
from fatnn_bench.engine.results import MAX_NUMBERS, MAX_PIXEL, Result, results, whole_number

#: What a network's sizes may be.
_SIZES = (("channels", 1, 2**16), ("size", 1, 2**12), ("classes", 1, 2**20), ("pixel_bits", 0, 16))


@dataclass(frozen=True, eq=False)
class Program:
    """A network. Whatever cannot run raises ValueError, in a sentence that names the operation."""

    name: str
    scheme: str  #: the name of its precision
    channels: int  #: of an image
    size: int  #: its height and width
    classes: int
    pixel_bits: int  #: a pixel p is the number p/2^pixel_bits
    operations: tuple[Operation, ...]  #: the last one gives the logits
    results: Mapping[str, Result] = field(init=False)  #: what each gives, by its name; the image is INPUT

    def __post_init__(self) -> None:
        for name, low, high in _SIZES:
            whole_number(name, getattr(self, name), low, high)
        if self.size**2 * self.channels > MAX_NUMBERS:
            numbers = f"{self.size} × {self.size} × {self.channels}"
            raise ValueError(f"an image has {numbers} numbers, expected at most {MAX_NUMBERS}")
        image = Result("floats", self.size, self.size, self.channels, MAX_PIXEL * 2.0**-self.pixel_bits)
        object.__setattr__(self, "results", results(self.operations, image))
        if not self.operations or self.operations[-1].kind != "classifier":
            raise ValueError("the last operation is no classifier")
        *others, last = self.operations
        if classifier := next((operation for operation in others if operation.kind == "classifier"), None):
            raise ValueError(f"operation {classifier.name}: a classifier, expected as the last operation only")
        logits = self.results[last.name].channels
        if logits != self.classes:
            raise ValueError(f"the classifier gives {logits} logits, expected one for each of {self.classes} classes")

    @property
    def weight_bytes(self) -> float:
        """Bytes of all weights and other numbers: float32 and int32 as they are, quantised weights in bit-planes."""
        return sum(
            tensor.size * (plane_count(op.attributes["w_levels"]) / 8 if op.kind == "conv" else tensor.itemsize)
            for op in self.operations
            for tensor in op.tensors.values()
        )
