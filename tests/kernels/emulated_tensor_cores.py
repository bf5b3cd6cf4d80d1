"""Tensor cores and copies into shared memory for Numba's CUDA simulator, by what NVIDIA's manual says of them.

"Parallel Thread Execution ISA", ldmatrix.m8n8.x4, and matrix fragments for mma.m16n8k256: of a lane, group is lane >>
2, member lane & 3;

    a, element i of 128: row group where i < 32 or 64 <= i < 96, else group + 8; column 32 member + i % 32, and 128 more
    where i >= 64
    b, element i of 64: row 32 member + i % 32, and 128 more where i >= 32; column group
    c, element i of 4: row group where i < 2, else group + 8; column 2 member + i % 2

Element i of a or b is bit i % 32 of its register i // 32.
"""

import threading

import numpy as np

LANES = 32
_LANE, _A, _B, _C = np.arange(LANES)[:, None], np.arange(128), np.arange(64), np.arange(4)
_GROUP, _MEMBER = _LANE >> 2, _LANE & 3
#: Where each element of each lane lies: rows and columns, [lanes, elements].
OF_A = np.where((_A < 32) | ((_A >= 64) & (_A < 96)), _GROUP, _GROUP + 8), 32 * _MEMBER + _A % 32 + 128 * (_A >= 64)
OF_B = 32 * _MEMBER + _B % 32 + 128 * (_B >= 32), np.broadcast_to(_GROUP, (LANES, 64))
OF_C = np.where(_C < 2, _GROUP, _GROUP + 8), 2 * _MEMBER + _C % 2


def bits(registers):
    """Registers of the lanes of a warp, [lanes, registers] -> their elements, [lanes, 32 · registers]."""
    shifts = np.arange(32, dtype=np.uint32)
    return (np.asarray(registers, np.uint32)[:, :, None] >> shifts & 1).reshape(LANES, -1).astype(np.int32)


def add_and_popcounts(c, a, b):
    """Fragments of a warp, [32, 4], [32, 4] and [32, 2] -> those of c + popcounts of ANDs."""
    rows, columns = np.zeros((16, 256), np.int32), np.zeros((256, 8), np.int32)
    rows[OF_A], columns[OF_B] = bits(a), bits(b)
    return np.asarray(c) + (rows @ columns)[OF_C]


class Device:
    """What the kernel calls, for threads of a simulated block; copies are done when they begin, or when awaited."""

    def __init__(self):
        self.eager = True
        self._fragments, self._sums, self._copies = {}, {}, {}

    def add_and_popcounts(self, *fragments):
        """All threads of a block meet here: the first lane of each warp computes for its warp."""
        thread = threading.current_thread()
        self._fragments[thread.thread_id] = fragments
        thread.syncthreads()
        first = thread.thread_id
        if first % LANES == 0:
            of_warp = np.array([[int(word) for word in self._fragments[first + lane]] for lane in range(LANES)])
            for lane, sums in enumerate(add_and_popcounts(of_warp[:, :4], of_warp[:, 4:8], of_warp[:, 8:])):
                self._sums[first + lane] = tuple(sums)
        thread.syncthreads()
        return self._sums[first]

    def vote(self, bit):
        """Lanes of a warp meet here, and warps of a block that vote as often."""
        thread = threading.current_thread()
        self._fragments[thread.thread_id] = bit
        thread.syncthreads()
        first = thread.thread_id // LANES * LANES
        word = sum(int(bool(self._fragments[first + lane])) << lane for lane in range(LANES))
        thread.syncthreads()
        return np.uint32(word)

    def begin_copy(self, shared, to, memory, first, words):
        assert words in (1, 2, 4)
        assert to % words == first % words == 0, "copies are aligned"
        if self.eager:
            shared[to : to + words] = memory[first : first + words]
        else:
            self._groups()[-1].append((shared, to, memory, first, words))

    def end_group(self):
        self._groups().append([])

    def await_groups(self, pending):
        groups = self._groups()
        while len(groups) - 1 > pending:  # the last is not ended
            for shared, to, memory, first, words in groups.pop(0):
                shared[to : to + words] = memory[first : first + words]

    def load_blocks(self, shared, first):
        """Lanes of a warp meet here: lane 8b + r tells where row r of block b begins."""
        assert first % 4 == 0, "rows are aligned"
        thread = threading.current_thread()
        self._fragments[thread.thread_id] = first
        thread.syncthreads()
        warp, lane = divmod(thread.thread_id, LANES)
        group, member = lane >> 2, lane & 3
        words = [np.uint32(shared[self._fragments[warp * LANES + 8 * block + group] + member]) for block in range(4)]
        thread.syncthreads()
        return tuple(words)

    def store_pair(self, memory, first, one, other):
        assert first % 2 == 0
        row, column = divmod(first, memory.shape[1])
        memory[row, column], memory[row, column + 1] = one, other

    def _groups(self):
        return self._copies.setdefault(threading.current_thread(), [[]])
