"""The networks that the suite knows whole, as plain data: an image, a stem, and what follows it."""

from dataclasses import dataclass
from enum import StrEnum


class Order(StrEnum):
    """The order of convolution, batch norm, skip and activation in a residual block of two convolutions."""

    CBSA = "cbsa"  #: c b a c b, then + skip, then a (He et al., CVPR 2016)
    CBAS = "cbas"  #: c b a c b a, then + skip
    BACS = "bacs"  #: b a c b a c, then + skip (pre-activation, He et al., ECCV 2016)


@dataclass(frozen=True)
class Pool:
    """Max pooling."""

    size: int
    stride: int
    padding: int = 0


@dataclass(frozen=True)
class Stem:
    """The first convolution, which reads pixels, and its pooling."""

    filters: int
    kernel: int
    stride: int = 1
    pool: Pool | None = None


@dataclass(frozen=True)
class Plain:
    """A 3×3 convolution, pooled by 2 if asked for and if the image is larger than 4×4."""

    filters: int
    pooled: bool = False


@dataclass(frozen=True)
class Stage:
    """Residual blocks of two 3×3 convolutions; the first has the stride."""

    filters: int
    blocks: int
    stride: int = 1


@dataclass(frozen=True)
class Description:
    """All that decides what a network computes, but its numbers and their precision."""

    name: str
    line: str  #: what it is, in a line
    size: int  #: an image's height and width
    channels: int  #: of an image
    classes: int
    stem: Stem
    body: tuple[Plain | Stage, ...]
    order: Order = Order.CBSA
    calibration: bool = False  #: batch norm on identity branches as well


#: By name. ResNets: "Deep Residual Learning for Image Recognition", He, Zhang, Ren and Sun, CVPR 2016,
#: arXiv 1512.03385, table 1 and section 4.2.
DESCRIPTIONS = {
    description.name: description
    for description in (
        Description("small-cnn", "a CNN of four convolutions on 8×8 images", 8, 1, 10, Stem(16, 3),
                    (Plain(16, pooled=True), Plain(32, pooled=True), Plain(32))),
        Description("resnet20", "ResNet-20 on 32×32 images", 32, 3, 10, Stem(16, 3),
                    (Stage(16, 3), Stage(32, 3, 2), Stage(64, 3, 2))),
        Description("resnet18", "ResNet-18 on 224×224 images", 224, 3, 1000, Stem(64, 7, 2, Pool(3, 2, 1)),
                    (Stage(64, 2), Stage(128, 2, 2), Stage(256, 2, 2), Stage(512, 2, 2))),
    )
}  # fmt: skip
