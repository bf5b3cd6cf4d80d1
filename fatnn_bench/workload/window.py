"""How the kernel of a convolution goes over an image, with every side told.

Along a side of ``size`` pixels, padded by ``before`` and ``after``, there are

    (size + before + after − dilation · (kernel − 1) − 1) // stride + 1

places for the kernel, whose taps lie ``dilation`` pixels apart.
"""

from typing import NamedTuple

__all__ = ["Window"]


class Window(NamedTuple):
    """Each pair is height and width; padding is top, left, bottom and right, in the order that ONNX has."""

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)

    @property
    def reach(self) -> tuple[int, int]:
        """The height and width that the kernel covers, from its first tap to its last."""
        (height, width), (down, across) = self.kernel, self.dilation
        return down * (height - 1) + 1, across * (width - 1) + 1

    def padded(self, height: int, width: int) -> tuple[int, int]:
        """Return the height and width of an image and its padding."""
        top, left, bottom, right = self.padding
        return height + top + bottom, width + left + right

    def outputs(self, height: int, width: int) -> tuple[int, int]:
        """Return the height and width of the result: in how many places the kernel lies."""
        down, across = (
            (size - reach) // stride + 1
            for size, reach, stride in zip(self.padded(height, width), self.reach, self.stride, strict=True)
        )
        return down, across

    @property
    def sizes(self) -> dict[str, int]:
        """The fields of a layer that say it; those of a width or a side only where it differs."""
        top, *others = self.padding
        found = {"padding": top}
        found |= {
            f"padding_{side}": size
            for side, size in zip(("left", "bottom", "right"), others, strict=True)
            if size != top
        }
        for name in ("kernel", "stride", "dilation"):
            height, width = getattr(self, name)
            found |= {name: height} | ({f"{name}_width": width} if width != height else {})
        return found

    @property
    def irregularity(self) -> str:
        """What it has that a square window without dilation has not, such as ``a kernel of 1×7``; empty if nothing."""
        found = [
            f"a {name} of {height}×{width}"
            for name in ("kernel", "stride", "dilation")
            for height, width in [getattr(self, name)]
            if height != width or (name == "dilation" and height != 1)
        ]
        if len(set(self.padding)) > 1:
            found.append(f"padding of {', '.join(map(str, self.padding))} (top, left, bottom, right)")
        return " and ".join(found)
