"""Draws of rounds: what they are, and how much memory those take that are kept."""

import numpy as np
import pytest

from fatnn_bench.statistics import resampling

MOST = 10_000  #: the most samples that a row of a file may have


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    """Nothing is kept before a test, and nothing of it after."""
    monkeypatch.setattr(resampling, "_kept", resampling.OrderedDict())


@pytest.mark.parametrize("n", [1, 7, 60])
def test_rounds_are_drawn_with_replacement(n):
    drawn = np.random.default_rng([5, 3]).integers(n, size=(n, resampling.RESAMPLES))
    assert np.array_equal(resampling._counts(n, 5, 3), [(drawn == i).sum(axis=0) for i in range(n)])


def test_draws_are_kept_up_to_a_size(monkeypatch):
    monkeypatch.setattr(resampling, "_drawn_counts", lambda n, *_: np.empty((n, resampling.RESAMPLES), np.uint16))
    for stream in range(600):
        resampling._counts((60, 9, MOST)[stream % 3], 0, stream)
        assert sum(each.nbytes for each in resampling._kept.values()) <= resampling._BYTES_OF_ROUNDS < 2**28
    assert resampling._counts(MOST, 0, 599).shape[0] == MOST
    assert resampling.RESAMPLES * MOST * 2 < resampling._BYTES_OF_ROUNDS


def test_the_draws_of_a_usual_comparison_are_all_kept():
    first = resampling._counts(21, 0, 0)
    for stream in range(1, 300):
        resampling._counts(21, 0, stream)
    assert resampling._counts(21, 0, 0) is first
