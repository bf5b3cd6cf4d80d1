import time

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
    """A hundred times the loops take longer: far more than the noise of any machine."""
    stream = ReadStream(1 << 16)
    stream.run(1)
    seconds = []
    for loops in (10, 1000):
        begin = time.perf_counter()
        stream.run(loops)
        seconds.append(time.perf_counter() - begin)
    assert seconds[1] > 5 * seconds[0]
