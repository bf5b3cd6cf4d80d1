import gc
import os
import re
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatnn_kernels import TERNARY_FATNN, gemm
from fatnn_kernels import aligned as module
from fatnn_kernels.aligned import LINE_BYTES, aligned

dtypes = st.sampled_from([np.uint8, np.int32, np.uint32, np.float64])
shapes = st.lists(st.integers(0, 20), min_size=1, max_size=4).map(tuple)


def first_byte(array):
    return array.__array_interface__["data"][0]


@given(st.lists(st.tuples(shapes, dtypes), min_size=1, max_size=20))
def test_each_begins_a_line_holds_zeros_and_overlaps_no_other(wanted):
    arrays = [aligned(shape, dtype) for shape, dtype in wanted]
    for number, (array, (shape, dtype)) in enumerate(zip(arrays, wanted, strict=True), 1):
        assert (array.shape, array.dtype) == (shape, dtype)
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.size == 0 or first_byte(array) % LINE_BYTES == 0
        assert not array.any()
        array.fill(number)
    assert all((array == number).all() for number, array in enumerate(arrays, 1))


def test_small_ones_are_neighbours_in_a_huge_page():
    aligned(2**21, np.uint8)  # fills the page that was begun
    first, second = aligned(100, np.uint8), aligned(100, np.uint8)
    assert first_byte(first) % 2**21 == 0
    assert first_byte(second) - first_byte(first) == 128


@pytest.mark.parametrize("size", [1, 2**21 - 1, 2**21, 2**21 + 1, 5 * 2**21])
def test_large_ones_have_room(size):
    array = aligned(size, np.uint8)
    array[-1] = 1
    assert len(array) == size


def test_memory_is_given_back():
    array = aligned(3 * 2**21, np.uint8)
    memory = array
    while isinstance(memory.base, np.ndarray):
        memory = memory.base
    gone = weakref.ref(memory)
    del array, memory
    aligned(2**21, np.uint8)  # lets go of what was left of the pages
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("shape", [-1, (3, -2), (-1, -1)])
def test_a_negative_side_is_refused(shape):
    with pytest.raises(ValueError, match="expected no negative side"):
        aligned(shape, np.uint8)


@pytest.mark.parametrize("size", [2**62, 2**70])
def test_what_no_machine_has_is_refused(size):
    with pytest.raises(MemoryError, match=f"{size} bytes cannot be allocated"):
        aligned(size, np.uint8)


# forks and threads


def forked(work):
    """Start a process that ends with 0 where ``work()`` is true; returns its number."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() else 1
        finally:  # nothing of pytest's may run twice
            os._exit(code)
    return child


def was_right(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# Python warns of a fork beside threads of libraries; the child here starts none and waits for none
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_arrays_held_across_a_fork_are_each_process_s_own():
    """Both take from the page that was begun, both write, in turns; neither sees what the other wrote."""
    held = aligned(100, np.uint8)
    held.fill(1)
    said_by_parent, parent_says = os.pipe()
    said_by_child, child_says = os.pipe()

    def work():
        mine = aligned(100, np.uint8)
        mine.fill(2)
        held.fill(3)
        os.write(child_says, b"!")
        os.read(said_by_parent, 1)
        return (mine == 2).all() and (held == 3).all()

    child = forked(work)
    os.read(said_by_child, 1)
    mine = aligned(100, np.uint8)
    assert not mine.any()
    assert (held == 1).all()
    mine.fill(4)
    held.fill(5)
    os.write(parent_says, b"!")
    assert was_right(child)
    assert (mine == 4).all()
    assert (held == 5).all()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_results_held_in_forked_processes_stay_right():
    ones = np.ones((4, 32), np.int8)
    before = gemm(TERNARY_FATNN, ones, ones)

    def work(seed):
        rng = np.random.default_rng(seed)
        pairs = [rng.integers(-1, 2, (2, 24, 96)).astype(np.int8) for _ in range(30)]
        results = [gemm(TERNARY_FATNN, x, y) for x, y in pairs]
        return all((z == x.astype(int) @ y.T).all() for z, (x, y) in zip(results, pairs, strict=True))

    children = [forked(lambda seed=seed: work(seed)) for seed in range(3)]
    assert work(3)
    assert [was_right(child) for child in children] == [True] * 3
    assert (before == 32).all()


def test_no_two_threads_get_the_same_memory():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    together = threading.Barrier(8)

    def take(number):
        together.wait()
        arrays = [aligned(64, np.uint8) for _ in range(300)]
        for array in arrays:
            array += number
        return arrays

    try:
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(take, range(1, 9)))
    finally:
        sys.setswitchinterval(before)
    assert all((array == number).all() for number, arrays in enumerate(taken, 1) for array in arrays)
    assert len({first_byte(array) for arrays in taken for array in arrays}) == 8 * 300


def test_what_is_taken_while_another_takes_overlaps_nothing(monkeypatch):
    """As a signal's handler does, or a finaliser, in the middle of a call."""
    inner = []

    def interrupted(size):
        if not inner:
            inner.append(None)
            inner[0] = aligned(64, np.uint8)
        return fresh(size)

    fresh = module._fresh
    aligned(2**21, np.uint8)  # fills the page that was begun
    monkeypatch.setattr(module, "_fresh", interrupted)
    outer = aligned(64, np.uint8)
    assert not np.shares_memory(outer, inner[0])


# huge pages


@pytest.mark.parametrize(
    ("told", "expected"),
    [((0, 4096), True), ((10, 10), False), ((0, 2048), False), ((None, None), None), ((8192, 12288), True)],
)
def test_huge_pages_are_those_that_writing_added(tmp_path, monkeypatch, told, expected):
    lines = [f"Rss:  9 kB\nAnonHugePages:  {kib} kB\n" if kib is not None else "Rss: 9 kB\n" for kib in told]
    rollup = mock.Mock(read_text=mock.Mock(side_effect=lines))
    monkeypatch.setattr(module, "_MEMORY", rollup)
    assert module.gets_huge_pages() is expected


def test_where_the_system_does_not_tell_none_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MEMORY", tmp_path / "smaps_rollup")
    assert module.gets_huge_pages() is None


def mapping_of(array):
    """The fields of /proc/self/smaps for the mapping that an array lies in, with its permissions."""
    fields, inside = {}, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if bounds := re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line):
            inside = int(bounds[1], 16) <= first_byte(array) < int(bounds[2], 16)
            fields |= {"permissions": bounds[3]} if inside else {}
        elif inside:
            fields[line.split(":")[0]] = line.split(":")[1].strip()
    return fields


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="this system does not tell of its mappings")
def test_memory_is_private_and_told_to_be_huge():
    array = aligned(2**22, np.uint8)
    array.fill(1)
    mapping = mapping_of(array)
    assert mapping["permissions"] == "rw-p"
    switch = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if "VmFlags" in mapping and switch.exists() and "[never]" not in switch.read_text():
        assert "hg" in mapping["VmFlags"].split()
