import timeit

import pytest

from fatnn_kernels.bandwidth import ReadStream


@pytest.mark.parametrize("size", [1, 4096, 100_001])
def test_every_word_is_read_in_every_loop(size):
    stream = ReadStream(size)
    stream.run(3)
    assert stream.total == 3 * stream.bytes // 4
    assert size <= stream.bytes < size + 1024


def test_loads_are_of_whole_cache_lines():
    assert ReadStream(100)._words.ctypes.data % 64 == 0


def test_the_optimiser_reads_again_each_time():
    """A hundred times the loops take longer: by more than the quickest of several calls varies on any machine."""
    stream = ReadStream(1 << 18)
    stream.run(1)

    def quickest(loops):
        return min(timeit.repeat(lambda: stream.run(loops), number=1, repeat=7))

    assert quickest(1000) > 5 * quickest(10)
