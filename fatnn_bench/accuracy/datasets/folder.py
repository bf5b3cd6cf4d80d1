"""An image folder: ``train/CLASS/*.jpg`` and ``test/CLASS/*.jpg`` (or ``val/``), read as they are needed."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fatnn_bench.accuracy.datasets.images import DataSet, Pixels
from fatnn_bench.errors import UserError, legible
from fatnn_bench.files import gate

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
#: Pillow's modes of grey images of 16 bits.
_SIXTEEN_BITS = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
#: Its modes of numbers without a known white.
_UNBOUNDED = frozenset({"I", "F"})


@dataclass(frozen=True)
class Files:
    """Images in files: the square in their middle, scaled to ``size``."""

    paths: tuple[Path, ...]
    classes: NDArray[np.int64]
    size: int

    def pixels(self, indices: NDArray[np.int64]) -> Pixels:
        return np.stack([_read(self.paths[i], self.size) for i in indices])


def load(folder: Path, size: int) -> DataSet:
    """Return the images of a folder, scaled to size × size.

    Raises
    ------
    UserError
        If a part or its images are missing, the two parts have different classes, or a class has no image.
    """
    test_name = "test" if gate.is_folder(folder / "test") or not gate.is_folder(folder / "val") else "val"
    names = {part: _class_names(folder / part) for part in ("train", test_name)}
    classes = names["train"]
    if names[test_name] != classes:
        odd = sorted(set(classes) ^ set(names[test_name]))[0]
        raise UserError(f"{folder}: class {odd!r} is in one of train and {test_name} only; give both the same classes")
    train, test = (_files(folder / part, classes, size) for part in names)
    return DataSet("folder", train, test, len(classes), channels=3, size=size, shift=size // 16, flip=True)


def _class_names(part: Path) -> list[str]:
    names = [entry.name for entry in _visible(part) if gate.is_folder(entry)] if gate.is_folder(part) else []
    if not names:
        raise UserError(
            f"folder: no folders of images, one a class, in {part}; "
            "name a folder that holds train/CLASS and test/CLASS with --data"
        )
    return names


def _visible(folder: Path) -> list[Path]:
    """What lies in a folder, in order, but what is hidden: folders of notebooks and of other systems are no classes."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise UserError(
            f"cannot read {folder}: {error.strerror}; name a folder that can be read with --data"
        ) from error


def _files(part: Path, classes: list[str], size: int) -> Files:
    paths, labels = [], []
    for label, name in enumerate(classes):
        found = [path for path in _visible(part / name) if path.suffix.lower() in SUFFIXES]
        if not found:
            kinds = ", ".join(sorted(SUFFIXES))
            raise UserError(f"folder: class {name!r} has no image ({kinds}) in {part / name}; add some, or remove it")
        paths += found
        labels += [label] * len(found)
    return Files(tuple(paths), np.array(labels, np.int64), size)


def _read(path: Path, size: int) -> Pixels:
    """[3, size, size]"""
    content = gate.content(path, "mend or remove it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as image:
                side = min(image.size)
                left, top = (image.width - side) // 2, (image.height - side) // 2
                square = _coloured(image).resize((size, size), box=(left, top, left + side, top + side))
    except Exception as error:  # a broken image can raise nearly anything
        reason = legible(str(error).partition("\n")[0] or type(error).__name__, 200)
        raise UserError(f"{path} cannot be read as an image: {reason}; mend or remove it") from error
    return np.asarray(square, np.uint8).transpose(2, 0, 1)


def _coloured(image: Image.Image) -> Image.Image:
    """Eight bits of red, green and blue a pixel. Raises ValueError for an image whose white is not known."""
    if image.mode in _SIXTEEN_BITS or (image.mode == "I" and image.format == "PNG"):  # as Pillow 10 has them
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.mode in _UNBOUNDED:
        raise ValueError(f"its pixels are of Pillow's mode {image.mode}, expected 8 or 16 bits")
    elif image.mode == "P":
        image = image.convert("RGBA")  # a palette may hold opacity, which the next step leaves out
    return image.convert("RGB")
