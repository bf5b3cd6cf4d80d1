"""Which cases are measured in turns: the layers of a block.

The more cases are measured in turns, the longer a passing disturbance must last to touch all samples of one, and the
more alike a drift touches all. Against that stand memory, for a block's operands are all held at once, and what a kill
costs, for its rows are known only when the block ends. So a block is as many layers as fit in both.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

import psutil

from fatnn_bench.harness.timing import Settings
from fatnn_bench.workload.cases import Case

#: Seconds that a block may take: what a kill may cost.
BLOCK_S = 30.0
#: Seconds of a case beside its samples: data, oracle, packing, calibration; seen on two cores at 2.8 GHz.
_OVERHEAD_S = 0.05
#: Seconds that a process takes to start.
START_S = 1.5
#: GMAC/s that the slowest kernels reach; for estimates only.
_SLOWEST_GMACS_PER_S = 20.0


def case_seconds(case: Case, settings: Settings) -> float:
    """A rough number of seconds that measuring a case takes once it is compiled."""
    if case.skip_reason:
        return 0.0
    sample_s = max(settings.sample_s, case.layer.macs / _SLOWEST_GMACS_PER_S * 1e-9)
    sampling = max(settings.least_rounds * sample_s, min(settings.rounds * 1.3 * sample_s, settings.case_s))
    return settings.processes * (_OVERHEAD_S + 3 * sample_s) + sampling


def case_bytes(case: Case) -> int:
    """The most bytes that the operands and the result of a case can take: in float32, packed and unpacked."""
    layer = case.layer
    return 4 * (2 * layer.m * layer.k + layer.n * layer.k + layer.m * layer.n)


def beyond_memory(case: Case) -> str:
    """Why a case cannot be allocated beside its right answer, which is computed in float64; empty if it can."""
    m, n, k = case.layer.m, case.layer.n, case.layer.k
    needed, free = case_bytes(case) + 8 * (n * k + 2 * m * n), psutil.virtual_memory().available
    if needed <= free:
        return ""
    sizes = f"M = {m}, N = {n} and K = {k}"
    return f"{sizes} take up to {needed / 1e9:.3g} GB, and {free / 1e9:.3g} GB of memory are free"


def blocks(cases: Sequence[Case], settings: Settings, memory_bytes: float = math.inf) -> Iterator[list[list[Case]]]:
    """Yield blocks: lists of layers, each the list of its cases; ``cases`` has those of a layer in a row.

    A block has one layer at least, and otherwise takes neither more than ``memory_bytes`` nor :data:`BLOCK_S`, in which
    several processes are started too.
    """
    block: list[list[Case]] = []
    starting = settings.processes * START_S if settings.processes > 1 else 0.0  # one is started once, for all blocks
    seconds, size = starting, 0.0
    for _, group in groupby(cases, key=lambda case: case.layer):
        layer = list(group)
        layer_s, layer_bytes = sum(case_seconds(case, settings) for case in layer), sum(map(case_bytes, layer))
        if block and (seconds + layer_s > BLOCK_S or size + layer_bytes > memory_bytes):
            yield block
            block, seconds, size = [], starting, 0.0
        block.append(layer)
        seconds, size = seconds + layer_s, size + layer_bytes
    if block:
        yield block
