"""The trials: the same cases in run after run, each in fresh processes, as ``fatnn-bench run`` measures them.

Every layer has float32, FATNN, and FATNN with 3% and 10% more work. So one list of runs tells of everything that is
promised: :mod:`fatnn_bench.trust.judgement`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime

from fatnn_bench.harness import events as said
from fatnn_bench.harness.timing import STANDARD
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import cpu, probe, process
from fatnn_bench.launch.spread import spread
from fatnn_bench.machine.affinity import AUTO
from fatnn_bench.platforms import CpuPlatform
from fatnn_bench.processes import children
from fatnn_bench.records.run import Header, Noise, Row, Run, in_order
from fatnn_bench.trust import planted
from fatnn_bench.trust.load import busy
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm

__all__ = ["RUNS", "runs"]

#: Runs: of six layers they make 114 A/A comparisons, 228 of each slow-down, and 360 intervals.
RUNS = 20
_ONE_THREAD = CpuPlatform(kind="cpu", threads=1)


def runs(count: int = RUNS, load: bool = False, tell: Callable[[str], None] = lambda _: None) -> list[Run]:
    """Measure so many runs one after the other.

    Parameters
    ----------
    count
        How many.
    load
        Whether to keep one core busy meanwhile.
    tell
        Told what is being done.
    """
    layers = [bare_gemm(*shape) for shape in probe.ask("native", _ONE_THREAD, "fatnn_bench.trust.planted")]
    cases = [Case(kernel, layer, "kernel", 1) for layer in layers for kernel in planted.KERNELS]
    with busy() if load else nullcontext():
        return list(_measured(cases, count, tell))


def _measured(cases: Sequence[Case], count: int, tell: Callable[[str], None]) -> Iterator[Run]:
    for number in range(count):
        tell(f"run {number + 1} of {count}")
        yield _run(cases, number)


def _run(cases: Sequence[Case], number: int) -> Run:
    """The cases as ``fatnn-bench run`` measures them, in an order of this run's own."""
    request = Request(list(cases), STANDARD, seed=number, affinity=AUTO)
    command, environment = children.command("fatnn_bench.trust.worker"), cpu.environment(_ONE_THREAD, os.environ)
    rows: list[Row] = []
    noise: list[Noise] = []
    with closing(spread(lambda share: process.listen(command, environment, share), request)) as events:
        ready = next(events)
        assert isinstance(ready, said.Ready)
        for event in events:
            match event:
                case said.Row(row):
                    rows.append(row)
                case said.Noise(record):
                    noise.append(record)
    header = Header(
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        platform=f"run-{number}",
        command=command,
        seed=number,
        settings=asdict(STANDARD),
        machine=ready.machine,
        software=ready.software,
        layers=list(dict.fromkeys(case.layer.full_name for case in cases)),
    )
    return Run(header, in_order(rows, header.layers), noise=tuple(noise))
