"""An image folder: ``train/CLASS/*.jpg`` and ``test/CLASS/*.jpg`` (or ``val/``), read as they are needed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from fatnn_bench.accuracy.datasets.images import DataSet, Pixels
from fatnn_bench.errors import UserError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


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
        If a part or its images are missing, or the two parts have different classes.
    """
    test_name = "test" if (folder / "test").is_dir() or not (folder / "val").is_dir() else "val"
    names = {part: _class_names(folder / part) for part in ("train", test_name)}
    classes = names["train"]
    if names[test_name] != classes:
        odd = sorted(set(classes) ^ set(names[test_name]))[0]
        raise UserError(f"{folder}: class {odd!r} is in one of train and {test_name} only; give both the same classes")
    train, test = (_files(folder / part, classes, size) for part in names)
    return DataSet("folder", train, test, len(classes), channels=3, size=size, shift=size // 16, flip=True)


def _class_names(part: Path) -> list[str]:
    names = sorted(entry.name for entry in part.iterdir() if entry.is_dir()) if part.is_dir() else []
    if not names:
        raise UserError(
            f"folder: no folders of images, one a class, in {part}; "
            "name a folder that holds train/CLASS and test/CLASS with --data"
        )
    return names


def _files(part: Path, classes: list[str], size: int) -> Files:
    found = [
        (path, label)
        for label, name in enumerate(classes)
        for path in sorted((part / name).iterdir())
        if path.suffix.lower() in SUFFIXES
    ]
    if not found:
        raise UserError(f"folder: no image ({', '.join(sorted(SUFFIXES))}) in the class folders of {part}; add some")
    return Files(tuple(path for path, _ in found), np.array([label for _, label in found], np.int64), size)


def _read(path: Path, size: int) -> Pixels:
    try:
        with Image.open(path) as image:
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            square = image.convert("RGB").resize((size, size), box=(left, top, left + side, top + side))
    except (OSError, UnidentifiedImageError) as error:
        raise UserError(f"{path} cannot be read as an image: {error}; mend or remove it") from error
    return np.asarray(square, np.uint8).transpose(2, 0, 1)
