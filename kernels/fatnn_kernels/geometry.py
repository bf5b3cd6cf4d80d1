"""The sizes of a convolution."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Geometry:
    """A convolution's sizes, in elements; images are NHWC. A fault in them raises ValueError."""

    batch: int
    height: int
    width: int
    in_channels: int
    out_channels: int
    kernel: int = 1  #: its side
    stride: int = 1
    padding: int = 0  #: on each side

    def __post_init__(self) -> None:
        for name in ("batch", "height", "width", "in_channels", "out_channels", "kernel", "stride"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least 1")
        if self.padding < 0:
            raise ValueError(f"padding is {self.padding}; expected at least 0")
        if self.kernel > min(self.padded_height, self.padded_width):
            raise ValueError(
                f"the kernel of {self.kernel} is larger than the padded image "
                f"of {self.padded_height}×{self.padded_width}"
            )

    @property
    def padded_height(self) -> int:
        """Rows of the image with its border."""
        return self.height + 2 * self.padding

    @property
    def padded_width(self) -> int:
        """Columns of the image with its border."""
        return self.width + 2 * self.padding

    @property
    def out_height(self) -> int:
        """Rows of the result."""
        return (self.padded_height - self.kernel) // self.stride + 1

    @property
    def out_width(self) -> int:
        """Columns of the result."""
        return (self.padded_width - self.kernel) // self.stride + 1

    @property
    def pixels(self) -> int:
        """Output pixels of the whole batch: M of the GEMM it amounts to."""
        return self.batch * self.out_height * self.out_width
