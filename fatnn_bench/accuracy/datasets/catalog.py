"""Data sets by name."""

from pathlib import Path

from fatnn_bench.accuracy.datasets.images import DataSet
from fatnn_bench.accuracy.records import ImageShape
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate

NAMES = ("digits", "mnist", "fashion-mnist", "cifar10", "folder")
#: Pixels of a side that images of a folder are scaled to: ImageNet's custom.
FOLDER_SIZE = 224
#: What the images of each are, for results files that do not tell.
IMAGES = {
    "digits": ImageShape(size=8, channels=1),
    "mnist": ImageShape(size=28, channels=1),
    "fashion-mnist": ImageShape(size=28, channels=1),
    "cifar10": ImageShape(size=32, channels=3),
    "folder": ImageShape(size=FOLDER_SIZE, channels=3),
}


def load(name: str, folder: Path | None = None) -> DataSet:
    """Return the data set of a name; all but ``digits`` are read from ``folder``.

    Raises
    ------
    UserError
        If there is no such data set, or its files are missing or broken.
    """
    if name not in NAMES:
        raise UserError(f"there is no data set {name!r}; there are {', '.join(NAMES)}")
    if name == "digits":
        from fatnn_bench.accuracy.datasets import digits

        return digits.load()
    if folder is None:
        raise UserError(f"{name} does not ship with fatnn-bench; name the folder of its files with --data")
    if not gate.is_folder(folder):
        raise UserError(f"{name}: there is no folder {folder}; name the folder of its files with --data")
    if name == "cifar10":
        from fatnn_bench.accuracy.datasets import cifar

        return cifar.load(folder)
    if name == "folder":
        from fatnn_bench.accuracy.datasets import folder as images

        return images.load(folder, FOLDER_SIZE)
    from fatnn_bench.accuracy.datasets import idx

    return idx.load(name, folder)
