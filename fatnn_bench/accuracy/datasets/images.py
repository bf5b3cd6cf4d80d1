"""What a data set is: two sets of images with their classes, and how its images may be varied in training."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.errors import UserError

Pixels = NDArray[np.uint8]  #: [images, channels, height, width]


class Images(Protocol):
    """Images with their classes."""

    @property
    def classes(self) -> NDArray[np.int64]:
        """Their classes, [images]."""

    def pixels(self, indices: NDArray[np.int64]) -> Pixels:
        """The images of these indices."""


@dataclass(frozen=True)
class InMemory:
    """Images that fit into memory."""

    all_pixels: Pixels
    classes: NDArray[np.int64]

    def pixels(self, indices: NDArray[np.int64]) -> Pixels:
        return self.all_pixels[indices]


@dataclass(frozen=True)
class DataSet:
    """Images to train with and others to test with."""

    name: str
    train: Images
    test: Images
    class_count: int
    channels: int
    size: int  #: height and width
    shift: int = 0  #: pixels that an image may be moved by in training, in each direction
    flip: bool = False  #: whether it may be mirrored
    pixel_bits: int = 8  #: a pixel p becomes the number p/2^pixel_bits: exact, and batch norm absorbs mean and spread


def refuse_labels(source: Path | str, classes: NDArray[np.int64], images: int, class_count: int) -> None:
    """Raise a UserError if the labels do not fit the images."""
    if len(classes) != images:
        raise UserError(
            f"{source}: {len(classes)} labels for {images} images; expected one an image, get the files anew"
        )
    if len(classes) == 0 or classes.min() < 0 or classes.max() >= class_count:
        raise UserError(f"{source}: expected labels from 0 to {class_count - 1}, at least one; get the files anew")
