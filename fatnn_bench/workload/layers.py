"""A layer and the matrix product it amounts to.

A convolution over [batch, height, width, in_channels] is the GEMM

    M = batch · out_height · out_width,   N = out_channels,   K = in_channels / groups · kernel · kernel_width

In groups it is ``groups`` products of M × N/groups × K, each over its own channels.
A linear layer is the same with a 1×1 kernel on a 1×1 image: M is its batch (its tokens). A whole network counts as one
layer, of kind ``network``, from its images to its logits: M is the batch, N the classes, K the numbers of an image.
"""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from fatnn_bench.workload.window import Window

#: The largest size: what a C int holds.
MOST = 2**31 - 1
Kind = Literal["conv", "linear", "gemm", "network"]
#: What only a window has whose sides are not alike.
_SIDES = ("kernel_width", "stride_width", "dilation_width", "padding_left", "padding_bottom", "padding_right")
_DIMENSIONS = (
    "in_channels", "out_channels", "batch", "height", "width", "kernel", "stride", "padding", "dilation", "groups",
    "count", *_SIDES,
)  # fmt: skip


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
    kernel: int = 1  #: its height, and its width unless that is told
    stride: int = 1
    padding: int = 0  #: at the top, and on each other side that is not told
    groups: int = 1
    count: int = 1  #: how often the shape occurs in the network
    image_macs: int | None = None  #: of a whole network: its multiply-accumulates for one image
    dilation: int = 1  #: how many pixels apart the taps of a kernel lie
    kernel_width: int | None = None  #: this, and what follows, only where it differs: see :attr:`window`
    stride_width: int | None = None
    dilation_width: int | None = None
    padding_left: int | None = None
    padding_bottom: int | None = None
    padding_right: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"layer {self.full_name}: kind is {self.kind!r}, expected {', '.join(get_args(Kind))}")
        for dimension in _DIMENSIONS:
            self._check_size(dimension, 0 if dimension.startswith("padding") else 1)
        self._check_geometry()
        if max(self.m, self.n, self.k) > MOST or self.count * self.macs >= 2**63:
            raise ValueError(
                f"layer {self.full_name}: the product is {self.m}×{self.n}×{self.k}, {self.count} times, expected at "
                f"most {MOST} for each of the three and fewer than 2⁶³ multiply-accumulates"
            )

    def _check_size(self, dimension: str, least: int) -> None:
        size = getattr(self, dimension)
        if size is not None and not least <= size <= MOST:
            expected = f"at least {least}" if size < least else f"at most {MOST}"
            raise ValueError(f"layer {self.full_name}: {dimension} is {size}, expected {expected}")

    def _check_geometry(self) -> None:
        if self.kind in ("linear", "gemm") and (self.height, self.width, self.groups, self.window) != (
            1,
            1,
            1,
            Window(),
        ):
            raise ValueError(f"layer {self.full_name}: a {self.kind} layer has no image, kernel, padding or groups")
        for side, reach, padded in zip(
            ("height", "width"), self.window.reach, self.window.padded(self.height, self.width), strict=True
        ):
            if reach > padded:
                raise ValueError(
                    f"layer {self.full_name}: the kernel of {reach} is larger than the padded image, whose {side} is "
                    f"{padded}"
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
    def window(self) -> Window:
        """The kernel's height and width, and how it goes over the image."""
        height, top = (self.kernel, self.stride, self.dilation), self.padding
        width = (self.kernel_width, self.stride_width, self.dilation_width)
        kernel, stride, dilation = ((h, h if w is None else w) for h, w in zip(height, width, strict=True))
        left, bottom, right = (
            top if side is None else side for side in (self.padding_left, self.padding_bottom, self.padding_right)
        )
        return Window(kernel, stride, (top, left, bottom, right), dilation)

    @property
    def out_height(self) -> int:
        return self.window.outputs(self.height, self.width)[0]

    @property
    def out_width(self) -> int:
        return self.window.outputs(self.height, self.width)[1]

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
        return self.in_channels // self.groups * math.prod(self.window.kernel)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one occurrence of the layer, padding counted as data."""
        if self.image_macs is not None:
            return self.batch * self.image_macs
        return self.m * self.n * self.k

    @property
    def skip_reason(self) -> str:
        """Why no kernel of the suite can run this layer in any scope; empty if they can."""
        if self.groups == 1:
            return ""
        one = f"{self.m}×{self.n // self.groups}×{self.k}"
        return f"grouped convolution: {self.groups} groups make {self.groups} small products of {one}, not one GEMM"

    def to_json(self) -> dict[str, Any]:
        """Return the name, all dimensions, and the GEMM's ``m``, ``n`` and ``k``.

        What few windows have, a dilation and sides that are not alike, is told of those alone, as rows never did.
        """
        usual = {"dilation": 1} | dict.fromkeys(_SIDES)
        sizes = {name: size for name, size in asdict(self).items() if name not in usual or size != usual[name]}
        return sizes | {"m": self.m, "n": self.n, "k": self.k}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Return the layer of :meth:`to_json`'s object; what is derived in it, or unknown, is ignored."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in record.items() if name in known})


def bare_gemm(m: int, n: int, k: int) -> Layer:
    """Return the GEMM [m, k] × [k, n], named ``MxNxK``, of no network. Raises ValueError for a size below 1."""
    return Layer(name=f"{m}x{n}x{k}", kind="gemm", batch=m, out_channels=n, in_channels=k)
