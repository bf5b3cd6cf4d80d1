"""A verified case on its way to a row: it takes its own samples, and knows when it has enough."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from fatnn_bench.contenders.protocol import OnGpu, Prepared
from fatnn_bench.harness import cold, noise, threads, timing
from fatnn_bench.harness.ceiling import Ceiling, ceiling
from fatnn_bench.harness.conditions import Conditions
from fatnn_bench.harness.noise import Disturbance, Observation
from fatnn_bench.harness.timing import Settings
from fatnn_bench.records.run import Row, Status, Stop, unmeasured
from fatnn_bench.statistics import medians
from fatnn_bench.workload.cases import Case

#: After this the threads of another library, which spin for a while (:mod:`fatnn_bench.launch.cpu`), are asleep.
_REST_S = 0.005
#: The share of a sample's calls that come before it where threads have to wake.
_WAKING = 0.3
#: By how much the samples grow between two looks at whether their median is sure.
_LOOK_AGAIN = 1.25


class Candidate:
    """A verified case and the samples taken of it so far."""

    def __init__(self, case: Case, prepared: Prepared, compile_s: float) -> None:
        self.case = case
        self.twin: Candidate | None = None  #: a second candidate of the case, for the noise floor
        self.is_twin = False
        self.samples_s: list[float] = []  #: one a round
        self.failure: tuple[Status, str] | None = None
        self._prepared, self._compile_s = prepared, compile_s
        self._verified = prepared.result().copy()
        self._loops = 0
        self._observations: list[Observation] = []
        self._ceiling = Ceiling()
        self._stages_s: dict[str, list[float]] = {name: [] for name in prepared.stages}
        self._spent_s = 0.0
        self._next_look = 0
        self._stopped: Stop | None = None

    def calibrate(self, settings: Settings) -> bool:
        """Choose the calls a sample. Returns whether the case can be measured as the settings have it."""
        if reason := cold.obstacle(self._prepared, settings.cache):
            self.failure = Status.SKIPPED, reason
            return False
        self._prepared.spoil()  # so that a timed call that computes nothing is seen
        self._loops = timing.calibrate(self._prepared.run, settings.sample_s)
        if settings.cache != "warm":
            self._loops = min(self._loops, cold.CALLS)
        if self.case.threads == 1:
            self._ceiling = ceiling(self._prepared, self.case.layer.macs, self._loops, settings)
        return True

    def turn(self, settings: Settings, conditions: Conditions) -> bool:
        """Take a sample; return whether another is wanted. The last one compares the result with the first again."""
        begin, before_s = time.perf_counter(), self._waited_s()
        self._make_ready()
        sample = timing.sample(
            cold.chilled(self._prepared.run, self._prepared, settings.cache), self._loops, self.case.threads
        )
        waited = (self._waited_s() - before_s) / (time.perf_counter() - begin) / self.case.threads
        self.samples_s.append(sample.seconds)
        gpu = self._prepared.gpu_clock() if isinstance(self._prepared, OnGpu) else None
        self._observations.append(Observation(sample, conditions, waited, gpu))
        self._ceiling.turn()
        for name, stage in self._prepared.stages.items():
            run = cold.chilled(stage, self._prepared, settings.cache)
            self._stages_s[name].append(timing.seconds(run, self._loops) / self._loops)
        self._spent_s += time.perf_counter() - begin
        self._stopped = self._stop(settings)
        if self._stopped and (wrong := self._wrong_when_timed()):
            self.failure = Status.FAILED, wrong
        return self._stopped is None

    def _wrong_when_timed(self) -> str:
        """What shows, when all samples are taken, that the timed calls did not do their work; empty if they did."""
        if not np.array_equal(self._prepared.result(), self._verified):
            return "the result changed while it was timed"
        call_s = min(self.samples_s)
        if call_s < timing.SHORTEST_CALL_S:
            return f"a call took {call_s:.2g} s, less than a clock cycle: run(loops) has to compute so many times"
        return ""

    def _make_ready(self) -> None:
        """Leave cores and caches to this case: other libraries' threads and the other kernels' data were in them."""
        if self.case.threads == 1:
            self._prepared.run(1)
            return
        time.sleep(_REST_S)
        self._prepared.run(math.ceil(self._loops * _WAKING))

    def _waited_s(self) -> float:
        """What several threads waited for cores so far; of one thread, the clock of its own time tells."""
        return 0.0 if self.case.threads == 1 else threads.waited_s()

    def _stop(self, settings: Settings) -> Stop | None:
        taken = len(self.samples_s)
        if taken < settings.least_rounds:
            return None
        if self._spent_s >= settings.case_s:
            return Stop.BUDGET
        if taken < max(settings.rounds, self._next_look):
            return None
        # now and then only: looks take time, and the more there are, the likelier that chance makes an interval narrow
        self._next_look = math.ceil(taken * _LOOK_AGAIN)
        return Stop.PRECISE if self._precise(settings.precision) else None

    def _precise(self, precision: float) -> bool:
        median = medians.median(self.samples_s)
        low, high = medians.interval(self.samples_s)
        return max(high - median, median - low) <= precision * median

    def row(self, block: str | None, usual_canary_s: float, doubt: str = "") -> Row:
        """Return the row: what failed, or what was measured and why it may be doubtful.

        Parameters
        ----------
        block
            Of cases that were measured in turns.
        usual_canary_s
            What the canary takes when nothing disturbs it.
        doubt
            Why several threads are to be mistrusted in this process.
        """
        if self.failure is not None:
            return unmeasured(self.case, *self.failure)
        disturbances = noise.disturbances(self._observations, usual_canary_s, self.case.threads)
        reason = "; ".join(self._doubts(disturbances, doubt))
        median = medians.median(self.samples_s)
        low, high = medians.interval(self.samples_s)
        return replace(
            unmeasured(self.case, Status.MISTRUSTED if reason else Status.PASSED, reason),
            median_s=median,
            min_s=min(self.samples_s),
            ci_low_s=low,
            ci_high_s=high,
            samples_s=self.samples_s,
            processes=[len(self.samples_s)],
            loops=self._loops,
            block=block,
            touched=noise.touched_rounds(disturbances),
            stopped=self._stopped,
            compile_s=self._compile_s,
            bytes=self._prepared.bytes,
            gmacs_per_s=self.case.layer.macs / median * 1e-9,
            stages_s={name: medians.median(samples) for name, samples in self._stages_s.items()} or None,
            codegen=self._prepared.codegen,
            **self._ceiling.fields(median),
        )

    def _doubts(self, disturbances: Sequence[Disturbance], of_threads: str) -> Iterator[str]:
        if of_threads and self.case.threads > 1:
            yield of_threads
        elif noise.had_one_core(self._observations, self.case.threads):
            yield f"its {self.case.threads} threads used no more than one core"
        yield from noise.doubts(disturbances, self.samples_s, self.twin.samples_s if self.twin else ())
