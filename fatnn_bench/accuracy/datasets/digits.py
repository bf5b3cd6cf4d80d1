"""scikit-learn's handwritten digits: 1797 images of 8×8 pixels from 0 to 16, bundled with it (the UCI test set)."""

import numpy as np

from fatnn_bench.accuracy.datasets.images import DataSet, InMemory
from fatnn_bench.accuracy.extra import require

#: Share of the images that is tested with. A half: on few test images no precision differs from another.
TEST_SHARE = 0.5


def load() -> DataSet:
    """Return the digits, split half and half, stratified by class, the same way every time."""
    require("sklearn")
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    pixels = bunch.images.astype(np.uint8)[:, None]
    classes = bunch.target.astype(np.int64)
    train, test = train_test_split(np.arange(len(classes)), test_size=TEST_SHARE, random_state=0, stratify=classes)
    first, second = (InMemory(pixels[part], classes[part]) for part in (train, test))
    return DataSet("digits", first, second, class_count=10, channels=1, size=8, shift=1, pixel_bits=4)
