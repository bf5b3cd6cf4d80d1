"""Prepare, verify, time: the cases of one layer, side by side.

All kernels of a layer are made ready and verified, then timed in rounds, each round in a fresh random order, so that a
drift of the machine's speed touches all of them alike. What a kernel computed is compared again after it was timed.
"""

import random
import statistics
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from fatnn_bench import data, oracle, timing
from fatnn_bench.cases import Case
from fatnn_bench.contender import Contender, Prepared
from fatnn_bench.problems import Problems
from fatnn_bench.results import Row, Status, unmeasured
from fatnn_bench.statistics import median_interval
from fatnn_bench.timing import Settings


def measure_layer(
    cases: Sequence[Case], contenders: Mapping[str, Contender], settings: Settings, seed: int
) -> Iterator[Row]:
    """Verify and time the cases of one layer; yields a row a case.

    Parameters
    ----------
    cases
        All of one layer.
    contenders
        What there is to run, by kernel name. A kernel that is missing gives an ERROR row.
    settings, seed
        How long to measure; what fixes data and order.
    """
    problems = Problems(cases[0].layer, cases[0].scope, seed)
    ready: list[_Candidate] = []
    for case in cases:
        candidate = _attempt(case, contenders, problems)
        if isinstance(candidate, Row):
            yield candidate
        else:
            ready.append(candidate)
    del problems
    _time(ready, settings, random.Random(f"{seed}/{cases[0].layer.full_name}"))
    for candidate in ready:
        yield candidate.row()


def verify_case(case: Case, contenders: Mapping[str, Contender], seed: int) -> Row:
    """Check one case on every pattern of data, without timing it."""
    for pattern in data.PATTERNS:
        candidate = _attempt(case, contenders, Problems(case.layer, case.scope, seed, pattern))
        if isinstance(candidate, Row):
            return candidate
    return unmeasured(case, Status.PASSED)


class _Candidate:
    """A verified case on its way to a row."""

    def __init__(self, case: Case, prepared: Prepared, compile_s: float) -> None:
        self.case, self.prepared, self.compile_s = case, prepared, compile_s
        self.verified = prepared.result().copy()
        self.loops = 0
        self.samples_s: list[float] = []
        self.limit_loops = 0
        self.limits_s: list[float] = []
        self.stages_s: dict[str, list[float]] = {name: [] for name in prepared.stages}
        self.failure: tuple[Status, str] | None = None

    def calibrate(self, settings: Settings) -> None:
        self.prepared.spoil()  # so that a timed call that computes nothing is seen
        self.loops = timing.calibrate(self.prepared.run, settings.sample_s)
        if self.prepared.limit is not None and self.case.threads == 1:
            self.limit_loops = timing.calibrate(self.prepared.limit.run, settings.sample_s / 5)

    def sample(self, count: int) -> None:
        self.prepared.run(1)  # the others' data were in the caches
        for _ in range(count):
            self.samples_s.append(timing.seconds(self.prepared.run, self.loops) / self.loops)
        if self.prepared.limit is not None and self.limit_loops:
            self.limits_s.append(timing.seconds(self.prepared.limit.run, self.limit_loops) / self.limit_loops)
        for name, stage in self.prepared.stages.items():
            self.stages_s[name].append(timing.seconds(stage, self.loops) / self.loops)

    def recheck(self) -> None:
        if not np.array_equal(self.prepared.result(), self.verified):
            self.failure = Status.FAILED, "the result changed while it was timed"

    def row(self) -> Row:
        if self.failure is not None:
            return unmeasured(self.case, *self.failure)
        median = statistics.median(self.samples_s)
        low, high = median_interval(self.samples_s)
        gmacs_per_s = self.case.layer.macs / median * 1e-9
        peak = self._peak_gmacs_per_s()
        return replace(
            unmeasured(self.case, Status.PASSED),
            median_s=median,
            min_s=min(self.samples_s),
            ci_low_s=low,
            ci_high_s=high,
            samples_s=self.samples_s,
            loops=self.loops,
            compile_s=self.compile_s,
            bytes=self.prepared.bytes,
            gmacs_per_s=gmacs_per_s,
            peak_gmacs_per_s=peak,
            peak_fraction=gmacs_per_s / peak if peak else None,
            stages_s={name: statistics.median(samples) for name, samples in self.stages_s.items()} or None,
            codegen=self.prepared.codegen,
        )

    def _peak_gmacs_per_s(self) -> float | None:
        """The rate of the limit, measured in the same rounds."""
        if self.prepared.limit is None or not self.limits_s:
            return None
        return self.prepared.limit.macs / statistics.median(self.limits_s) * 1e-9


def _attempt(case: Case, contenders: Mapping[str, Contender], problems: Problems) -> _Candidate | Row:
    """Prepare and verify a case: a candidate for the clock, or the row that says why there is none."""
    contender = contenders.get(case.kernel)
    if contender is None:
        return unmeasured(case, Status.ERROR, f"no kernel is named {case.kernel}; there are {', '.join(contenders)}")
    try:
        if reason := contender.skip_reason(case.layer):
            return unmeasured(case, Status.SKIPPED, reason)
        problem = problems.of(contender.x_domain, contender.y_domain)
        prepared = contender.prepare(problem, case.threads)
        compile_s = timing.seconds(prepared.run, 1)
        wrong = oracle.complaint(prepared.result(), problem.right, case.layer.k, prepared.tolerance)
    except Exception as error:
        return unmeasured(case, Status.ERROR, _told(error))
    if wrong:
        return unmeasured(case, Status.FAILED, wrong)
    return _Candidate(case, prepared, compile_s)


def _time(candidates: Sequence[_Candidate], settings: Settings, order: random.Random) -> None:
    """Take the samples of all candidates, in rounds."""
    _guarded(candidates, lambda candidate: candidate.calibrate(settings))
    for index in range(settings.rounds):
        count = settings.samples * (index + 1) // settings.rounds - settings.samples * index // settings.rounds
        shuffled = order.sample(candidates, len(candidates))
        _guarded(shuffled, partial(_Candidate.sample, count=count))
    _guarded(candidates, _Candidate.recheck)


def _guarded(candidates: Sequence[_Candidate], act: Callable[[_Candidate], None]) -> None:
    """Do something with each candidate; one that raises fails alone."""
    for candidate in candidates:
        if candidate.failure is None:
            try:
                act(candidate)
            except Exception as error:
                candidate.failure = Status.ERROR, _told(error)


def _told(error: Exception) -> str:
    return textwrap.shorten(f"{type(error).__name__}: {error}".splitlines()[0], 200, placeholder=" …")
