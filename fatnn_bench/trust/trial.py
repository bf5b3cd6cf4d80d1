"""The trials: what is measured, and what the verdicts on it were.

A comparison is what ``fatnn-bench compare`` makes of a case in two runs, each a process of its own. In every pair of
runs, each layer is compared with itself, which is an A/A comparison, and half of the layers with kernels that do 3%
and 10% more work.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import pandas as pd

from fatnn_bench.architectures import networks
from fatnn_bench.comparison import compare_runs, gain
from fatnn_bench.comparison.verdict import MIN_EFFECT, Verdict
from fatnn_bench.harness import events as said
from fatnn_bench.harness.timing import STANDARD
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import cpu, probe, process
from fatnn_bench.machine.affinity import AUTO
from fatnn_bench.platforms import CpuPlatform
from fatnn_bench.processes import children
from fatnn_bench.records import repeats
from fatnn_bench.records.run import Header, Noise, Row, Run
from fatnn_bench.trust import planted
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm

__all__ = ["Report", "Tally", "run_trials"]

#: Pairs of runs: ten of twenty layers make 200 A/A comparisons, and of ten layers 100 of each slow-down.
PAIRS = 10
#: Processes that the ratio of FATNN to float32 is measured in.
PROCESSES = 10
_SLOWDOWNS = (3, 10)
_FATNN, _FLOAT32 = "ternary-fatnn", "float32"
_RATIO_LAYERS = "resnet18"
_ONE_THREAD = CpuPlatform(kind="cpu", threads=1)


@dataclass(frozen=True)
class Tally:
    """How often which verdict was given."""

    comparisons: int
    different: int  #: FASTER or SLOWER
    slower: int
    unclear: int
    resolved: int  #: those of runs whose stated floor is not above the least effect, 2%
    slower_resolved: int  #: of these


@dataclass(frozen=True)
class Report:
    """What the trials showed."""

    created: str
    machine: str
    floors: list[float]  #: what the pairs of runs said that they resolve
    same: Tally
    planted: dict[int, Tally]  #: by per cent of work added
    ratios: list[float]  #: FATNN to float32, one a process

    @property
    def spread(self) -> float:
        """By how much the largest of the ratios exceeds the smallest."""
        return max(self.ratios) / min(self.ratios) - 1


def run_trials(pairs: int = PAIRS, processes: int = PROCESSES, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Measure and judge.

    Parameters
    ----------
    pairs, processes
        How many pairs of runs, and processes for the ratio.
    tell
        Told what is being done.
    """
    layers = [bare_gemm(*shape) for shape in probe.ask("native", _ONE_THREAD, "fatnn_bench.trust.planted")]
    honest = [Case(planted.name(0), layer, "kernel", 1) for layer in layers]
    slowed = {p: [Case(planted.name(p), layer, "kernel", 1) for layer in layers[::2]] for p in _SLOWDOWNS}
    after_cases = sorted([*honest, *(case for cases in slowed.values() for case in cases)], key=lambda c: c.layer.name)
    same: list[pd.DataFrame] = []
    found: dict[int, list[pd.DataFrame]] = {p: [] for p in _SLOWDOWNS}
    for pair in range(pairs):
        tell(f"pair {pair + 1} of {pairs}")
        before = _run("fatnn_bench.trust.worker", honest, 2 * pair)
        after = _run("fatnn_bench.trust.worker", after_cases, 2 * pair + 1)
        same.append(compare_runs.ratios([before, _as_honest(after, 0)]))
        for percent, tables in found.items():
            table = compare_runs.ratios([before, _as_honest(after, percent)])
            tables.append(table[table["status"] != compare_runs.ABSENT])
    ratios = [_ratio(i, tell, processes) for i in range(processes)]
    return Report(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=str(before.header.machine["cpu"]),
        floors=[float(table["floor"].iloc[0]) for table in same],
        same=tally(same),
        planted={percent: tally(tables) for percent, tables in found.items()},
        ratios=ratios,
    )


def tally(tables: Iterable[pd.DataFrame]) -> Tally:
    """Count the verdicts in tables of :func:`fatnn_bench.comparison.compare_runs.ratios`."""
    table = pd.concat(list(tables))
    slower, faster = table["verdict"] == Verdict.SLOWER, table["verdict"] == Verdict.FASTER
    resolved = table["floor"] <= MIN_EFFECT
    return Tally(
        comparisons=len(table),
        different=int((slower | faster).sum()),
        slower=int(slower.sum()),
        unclear=int((table["verdict"] == Verdict.UNCLEAR).sum()),
        resolved=int(resolved.sum()),
        slower_resolved=int((slower & resolved).sum()),
    )


def _as_honest(run: Run, percent: int) -> Run:
    """The rows of the kernel with so much more work, under the name of the one with none."""
    name, honest = planted.name(percent), planted.name(0)
    rows = [
        replace(row, case=row.case.replace(name, honest, 1), kernel=honest) for row in run.rows if row.kernel == name
    ]
    return replace(run, rows=tuple(rows))


def _ratio(number: int, tell: Callable[[str], None], processes: int) -> float:
    """The geometric mean over ResNet-18's 3×3 convolutions of how much faster FATNN is than float32."""
    tell(f"process {number + 1} of {processes}")
    layers = [layer for layer in networks.load(_RATIO_LAYERS) if layer.name.endswith("_x")]
    cases = [Case(kernel, layer, "kernel", 1) for layer in layers for kernel in (_FATNN, _FLOAT32)]
    run = _run("fatnn_bench.harness.worker", cases, number)
    rows = {(row.kernel, row.layer): row for row in run.rows}
    names = [layer.full_name for layer in layers]
    known = repeats.of(run)
    (mean,) = gain.means([[(rows[_FATNN, name], rows[_FLOAT32, name]) for name in names]], (known, known))
    return mean.speedup


def _run(module: str, cases: Sequence[Case], seed: int) -> Run:
    """Measure cases in a process of its own, as ``fatnn-bench run`` does."""
    request = Request(list(cases), STANDARD, seed, affinity=AUTO)
    rows: list[Row] = []
    noise: list[Noise] = []
    command = children.command(module)
    with closing(process.listen(command, cpu.environment(_ONE_THREAD, os.environ), request)) as events:
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
        platform=f"process-{seed}",
        command=command,
        seed=seed,
        settings=asdict(STANDARD),
        machine=ready.machine,
        software=ready.software,
    )
    return Run(header, tuple(rows), noise=tuple(noise))
