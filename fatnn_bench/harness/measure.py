"""Prepare, verify, time: the cases of a run, in turns.

The kernels of some layers, a block, are made ready and verified, then timed in rounds: each round visits every layer,
and at each layer every kernel, both in a fresh random order, and takes one sample of each case. So kernels of a layer,
whose ratios matter most, are measured within moments of each other, and a drift of the machine's speed touches all
cases alike. One kernel of every layer is measured twice, under two names: what it shows as a difference to itself is
noise. What a kernel computed is compared again after it was timed.
"""

import random
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import psutil

from fatnn_bench.contenders.problems import Problems
from fatnn_bench.contenders.protocol import Contender
from fatnn_bench.harness import noise, timing
from fatnn_bench.harness.blocks import beyond_memory, blocks
from fatnn_bench.harness.candidate import Candidate
from fatnn_bench.harness.conditions import Conditions, Watch
from fatnn_bench.harness.timing import Settings
from fatnn_bench.machine.affinity import Place
from fatnn_bench.records import repeats
from fatnn_bench.records.run import Noise, Row, Status, unmeasured
from fatnn_bench.statistics import medians
from fatnn_bench.workload import data, oracle
from fatnn_bench.workload.cases import Case

#: The share of the memory now free that the operands of a block may take.
_MEMORY = 0.25
#: The share of a sample's time that a look at the machine's conditions takes.
_LOOK = 0.1
#: How much of the work on a block is making it ready; for telling how far a run is.
_PREPARING = 0.5


class Turn(NamedTuple):
    """The work on a case begins, or goes on."""

    case: Case
    progress: float  #: the share of the run that is done


def measure(
    cases: Sequence[Case],
    contenders: Mapping[str, Contender],
    settings: Settings,
    seed: int,
    place: Place = Place(),  # noqa: B008  # it is frozen
    process: int = 0,
) -> Iterator[Turn | Row | Noise]:
    """Verify and time cases: yields a row a case the moment it is known, a noise record a block, and turns between.

    Parameters
    ----------
    cases
        Of one scope, those of a layer in a row.
    contenders
        What there is to run, by kernel name. A kernel that is missing gives an ERROR row.
    settings, seed
        How long to measure; what fixes data and order.
    place
        Where this process runs.
    process
        Its number, which has a part in the order.
    """
    watch = Watch(settings.sample_s * _LOOK, place.core)
    done = 0
    for layers in blocks(cases, settings, int(psutil.virtual_memory().available * _MEMORY)):
        count = sum(map(len, layers))
        order = random.Random(f"{seed}/{process}/{layers[0][0].layer.full_name}")
        for event in _Block(layers, contenders, settings, seed, order, watch, place.doubt).measure():
            if isinstance(event, Turn):
                yield Turn(event.case, (done + event.progress * count) / len(cases))
            else:
                yield event
        done += count


def verify_case(case: Case, contenders: Mapping[str, Contender], seed: int) -> Row:
    """Check one case on every pattern of data, without timing it."""
    for pattern in data.PATTERNS:
        candidate = _attempt(case, contenders, Problems(case.layer, case.scope, seed, pattern))
        if isinstance(candidate, Row):
            return candidate
    return unmeasured(case, Status.PASSED)


class _Block:
    """Layers whose cases are measured in turns."""

    def __init__(
        self,
        layers: Sequence[Sequence[Case]],
        contenders: Mapping[str, Contender],
        settings: Settings,
        seed: int,
        order: random.Random,
        watch: Watch,
        doubt: str,
    ) -> None:
        self._layers, self._contenders, self._settings, self._seed = layers, contenders, settings, seed
        self._order, self._watch, self._doubt = order, watch, doubt
        self._name = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._looks: dict[int, list[Conditions]] = defaultdict(list)  # by round
        self._pairs: list[tuple[str, list[float], list[float]]] = []  # a case, its samples, and those of its twin

    def measure(self) -> Iterator[Turn | Row | Noise]:
        places: list[list[Candidate]] = []
        for i, cases in enumerate(self._layers):
            place: list[Candidate] = []
            yield from self._prepare(cases, place, _PREPARING * i / len(self._layers))
            places.append(place)
        frequency = self._watch.frequency_hz()
        if self._settings.order == "interleaved":
            yield from self._rounds(places)
        else:
            for candidate in [candidate for place in places for candidate in place]:
                yield from self._rounds([[candidate]])
        yield self._noise([frequency, self._watch.frequency_hz()])

    def _prepare(self, cases: Sequence[Case], place: list[Candidate], progress: float) -> Iterator[Turn | Row]:
        """Make a layer ready: verified candidates go to ``place``, the rows of the others are yielded."""
        problems = Problems(cases[0].layer, cases[0].scope, self._seed)
        for case in cases:
            yield Turn(case, progress)
            candidate = _attempt(case, self._contenders, problems)
            if isinstance(candidate, Row):
                yield candidate
            else:
                place.append(candidate)
        if place:
            original = self._order.choice(place)
            yield Turn(original.case, progress)
            twin = _attempt(original.case, self._contenders, problems)
            if isinstance(twin, Candidate):
                twin.is_twin, original.twin = True, twin
                place.append(twin)
                self._pairs.append((twin.case.id, original.samples_s, twin.samples_s))
        for candidate in list(place):
            yield Turn(candidate.case, progress)
            if not _guarded(candidate, lambda candidate: candidate.calibrate(self._settings)):
                place.remove(candidate)
                yield from self._rows(candidate)

    def _rounds(self, places: list[list[Candidate]]) -> Iterator[Turn | Row]:
        """Visit the places in rounds, and each candidate there, until it stops."""
        index = 0
        while places := [place for place in places if place]:
            progress = _PREPARING + (1 - _PREPARING) * min(1, index / self._settings.rounds)
            for place in self._order.sample(places, len(places)):
                conditions = self._watch.look()
                self._looks[index].append(conditions)
                for candidate in self._order.sample(place, len(place)):
                    yield Turn(candidate.case, progress)
                    if not _guarded(candidate, lambda candidate: candidate.turn(self._settings, conditions)):  # noqa: B023
                        place.remove(candidate)
                        yield from self._rows(candidate)
            index += 1

    def _rows(self, candidate: Candidate) -> Iterator[Row]:
        """The row of a candidate that has stopped; none of a twin."""
        if candidate.failure is not None:
            candidate.samples_s.clear()
        if not candidate.is_twin:
            block = self._name if self._settings.order == "interleaved" else None
            canaries = [look.canary_s for looks in self._looks.values() for look in looks]
            yield candidate.row(block, noise.usual(canaries) if canaries else 0.0, self._doubt)

    def _noise(self, frequency_hz: list[float | None]) -> Noise:
        looks = [look for looks in self._looks.values() for look in looks]
        seen = Noise(
            block=self._name,
            floor=None,
            pairs=[
                {"case": case, "ratio": _rounded(medians.median(a) / medians.median(b))}
                for case, a, b in self._pairs
                if a and b
            ],
            canary_s=[_rounded(medians.median([look.canary_s for look in looks])) for looks in self._looks.values()],
            steal_s=_rounded(sum(look.steal_s for look in looks)),
            frequency_hz=frequency_hz,
        )
        return replace(seen, floor=repeats.floor(repeats.found((), [seen])))


def _attempt(case: Case, contenders: Mapping[str, Contender], problems: Problems) -> Candidate | Row:
    """Prepare and verify a case: a candidate for the clock, or the row that says why there is none."""
    contender = contenders.get(case.kernel)
    if contender is None:
        return unmeasured(case, Status.ERROR, f"no kernel is named {case.kernel}; there are {', '.join(contenders)}")
    try:
        if reason := case.skip_reason or contender.skip_reason(case.layer) or beyond_memory(case):
            return unmeasured(case, Status.SKIPPED, reason)
        problem = problems.of(contender.x_domain, contender.y_domain)
        prepared = contender.prepare(problem, case.threads)
        compile_s = timing.seconds(prepared.run, 1)
        wrong = oracle.complaint(prepared.result(), problem.right, case.layer.k, prepared.tolerance)
    except Exception as error:
        return unmeasured(case, Status.ERROR, _told(error))
    if wrong:
        return unmeasured(case, Status.FAILED, wrong)
    return Candidate(case, prepared, compile_s)


def _guarded(candidate: Candidate, act: Callable[[Candidate], bool]) -> bool:
    """Do something with a candidate, and return whether it goes on; one that raises fails alone."""
    try:
        return act(candidate)
    except Exception as error:
        candidate.failure = Status.ERROR, _told(error)
        return False


def _rounded(value: float) -> float:
    """Six significant digits: what a record of noise needs."""
    return float(f"{value:.6g}")


def _told(error: Exception) -> str:
    return textwrap.shorten(f"{type(error).__name__}: {error}".splitlines()[0], 200, placeholder=" …")
