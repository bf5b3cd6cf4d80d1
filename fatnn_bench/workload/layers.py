"""A layer and the matrix product it amounts to.

A convolution over [batch, height, width, in_channels] is the GEMM

    M = batch · out_height · out_width,   N = out_channels,   K = in_channels / groups · kernel²

A linear layer is the same with a 1×1 kernel on a 1×1 image: M is its batch (its tokens). A whole network counts as one
layer, of kind ``network``, from its images to its logits: M is the batch, N the classes, K the numbers of an image.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

#: The largest size: what a C int holds.
MOST = 2**31 - 1
Kind = Literal["conv", "linear", "gemm", "network"]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer's geometry. Sizes are in elements; a fault in them raises ValueError."""

    name: str
    kind: Kind
    in_channels: int
    out_channels: int
    network: str | None = None  #: None for a bare GEMM
    batch: int = 1  #: images, tokens, or the rows of a GEMM
    height: int = 1
    width: int = 1
    kernel: int = 1  #: its side; kernels are square
    stride: int = 1
    padding: int = 0  #: on each side
    groups: int = 1
    count: int = 1  #: how often the shape occurs in the network
    image_macs: int | None = None  #: of a whole network: its multiply-accumulates for one image

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"layer {self.full_name}: kind is {self.kind!r}, expected {', '.join(get_args(Kind))}")
        for dimension in (
            "in_channels", "out_channels", "batch", "height", "width", "kernel", "stride", "groups", "count",
        ):  # fmt: skip
            if not 1 <= getattr(self, dimension) <= MOST:
                least_or_most = "at least 1" if getattr(self, dimension) < 1 else f"at most {MOST}"
                raise ValueError(
                    f"layer {self.full_name}: {dimension} is {getattr(self, dimension)}, expected {least_or_most}"
                )
        if not 0 <= self.padding <= MOST:
            raise ValueError(f"layer {self.full_name}: padding is {self.padding}, expected at least 0")
        self._check_geometry()
        if max(self.m, self.n, self.k) > MOST or self.count * self.macs >= 2**63:
            raise ValueError(
                f"layer {self.full_name}: the product is {self.m}×{self.n}×{self.k}, {self.count} times, expected at "
                f"most {MOST} for each of the three and fewer than 2⁶³ multiply-accumulates"
            )

    def _check_geometry(self) -> None:
        sizes = (self.height, self.width, self.kernel, self.stride, self.padding, self.groups)
        if self.kind in ("linear", "gemm") and sizes != (1, 1, 1, 1, 0, 1):
            raise ValueError(f"layer {self.full_name}: a {self.kind} layer has no image, kernel, padding or groups")
        smallest = min(self.height, self.width) + 2 * self.padding
        if self.kernel > smallest:
            raise ValueError(
                f"layer {self.full_name}: the kernel of {self.kernel} is larger than the padded image, "
                f"whose smaller side is {smallest}"
            )
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ValueError(
                f"layer {self.full_name}: groups is {self.groups}, which does not divide both "
                f"in_channels {self.in_channels} and out_channels {self.out_channels}"
            )

    @property
    def full_name(self) -> str:
        """``network.layer`` as case ids have it, or the layer's own name if it is of no network."""
        return f"{self.network}.{self.name}" if self.network else self.name

    @property
    def out_height(self) -> int:
        return (self.height + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def out_width(self) -> int:
        return (self.width + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def m(self) -> int:
        if self.kind == "network":
            return self.batch
        return self.batch * self.out_height * self.out_width

    @property
    def n(self) -> int:
        return self.out_channels

    @property
    def k(self) -> int:
        if self.kind == "network":
            return self.in_channels * self.height * self.width
        return self.in_channels // self.groups * self.kernel**2

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one occurrence of the layer, padding counted as data."""
        if self.image_macs is not None:
            return self.batch * self.image_macs
        return self.m * self.n * self.k

    @property
    def skip_reason(self) -> str:
        """Why no kernel of the suite can run this layer; empty if they can."""
        if self.groups == 1:
            return ""
        return f"grouped convolution: {self.groups} groups make {self.groups} small products, not one GEMM"

    def to_json(self) -> dict[str, Any]:
        """Return the name, all dimensions, and the GEMM's ``m``, ``n`` and ``k``."""
        return asdict(self) | {"m": self.m, "n": self.n, "k": self.k}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Return the layer of :meth:`to_json`'s object; what is derived in it, or unknown, is ignored."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in record.items() if name in known})


def bare_gemm(m: int, n: int, k: int) -> Layer:
    """Return the GEMM [m, k] × [k, n], named ``MxNxK``, of no network. Raises ValueError for a size below 1."""
    return Layer(name=f"{m}x{n}x{k}", kind="gemm", batch=m, out_channels=n, in_channels=k)
