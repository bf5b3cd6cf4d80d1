"""What a kernel from elsewhere must be able to do."""

from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from fatnn_bench.workload.layers import Layer
from fatnn_kernels import PRODUCTS
from fatnn_kernels.product import Domain

__all__ = ["DOMAINS", "SCOPES", "Kernel", "Operands", "Ready"]

#: The values of activations and weights by the word that a kernel says, a precision of the suite's products.
DOMAINS: dict[str, tuple[Domain, Domain]] = {
    product.precision: (product.x.domain, product.y.domain) for product in PRODUCTS.values()
}
SCOPES = ("kernel", "layer")


@dataclass(frozen=True, eq=False)
class Operands:
    """What a kernel multiplies: arrays of its own, which it may change.

    In scope ``kernel``, x [M, K] and y [N, K] hold values of the domains. In scope ``layer``, x is a float32 image
    [batch, height, width, in_channels], which the kernel quantises, and y holds values
    [N, kernel, kernel, in_channels].
    """

    layer: Layer  #: its sizes, among them ``m``, ``n``, ``k``, ``stride`` and ``padding``
    x: NDArray[Any]
    y: NDArray[Any]


class Ready(Protocol):
    """A kernel with its operands in place: only what the clock should see is left to do."""

    def run(self, loops: int) -> None:
        """Compute the result ``loops`` times over, into the same array."""

    def result(self) -> NDArray[Any]:
        """That array, not a copy: [M, N], or [batch, out_height, out_width, N] in scope ``layer``."""


class Kernel(Protocol):
    """A kernel that is measured beside the suite's own."""

    @property
    def name(self) -> str:
        """As in tables: the library's name, a dot, and the precision, such as ``mylib.ternary``."""

    @property
    def domain(self) -> str:
        """A key of :data:`DOMAINS`: what it multiplies."""

    @property
    def scope(self) -> str:
        """``kernel`` or ``layer``: what the clock sees."""

    def skip_reason(self, layer: Layer) -> str:
        """Why it cannot run a layer; empty if it can. ``layer.skip_reason`` names those that are no single GEMM."""

    def prepare(self, operands: Operands, threads: int) -> Ready:
        """Put the operands in place, in whatever layout. The clock does not run yet."""
