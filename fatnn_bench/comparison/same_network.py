"""Whether the network that was trained is the one that was timed: by what it computes, not by its name."""

from dataclasses import replace

from fatnn_bench.accuracy.datasets.catalog import IMAGES
from fatnn_bench.accuracy.records import AccuracyHeader
from fatnn_bench.architectures.description import DESCRIPTIONS, Order
from fatnn_bench.architectures.layers import image_macs
from fatnn_bench.records.run import Row


def difference(trained: AccuracyHeader, timed: Row) -> str:
    """Say how the network of a row in scope ``network`` differs from the one of an accuracy run; empty if it does not.

    Compared are the images' size and channels, the order of blocks, calibration, and the multiply-accumulates of one
    image, for as many classes as were timed.
    """
    settings, shape = trained.settings, timed.shape
    if settings.network not in DESCRIPTIONS:
        return f"{settings.network} is no network of this fatnn-bench, which knows {', '.join(DESCRIPTIONS)}"
    known = DESCRIPTIONS[settings.network]
    sides = trained.images or IMAGES.get(settings.dataset)
    if sides is None:
        return f"the images of data set {settings.dataset!r} are not known"
    found = (shape.get("height"), shape.get("in_channels"))
    if found != (sides.size, sides.channels):
        return f"timed on images of {_sides(*found)}, trained on {_sides(sides.size, sides.channels)}"
    if (settings.order, settings.calibration) != (known.order, known.calibration):
        return (
            f"timed {_blocks(known.order, known.calibration)}, trained {_blocks(settings.order, settings.calibration)}"
        )
    classes = shape.get("out_channels", known.classes)
    macs = image_macs(replace(known, size=sides.size, channels=sides.channels, classes=classes))
    if shape.get("image_macs") != macs:
        return f"timed with {shape.get('image_macs')} multiply-accumulates an image, trained with {macs}"
    return ""


def _sides(size: int | None, channels: int | None) -> str:
    return f"{size}×{size} pixels and {channels} channels"


def _blocks(order: Order | str, calibration: bool) -> str:
    return f"in the order {order} {'with' if calibration else 'without'} calibration"
