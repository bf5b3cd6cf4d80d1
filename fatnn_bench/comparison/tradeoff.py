"""What each precision keeps and costs: an accuracy run joined with a speed run of the same network."""

from dataclasses import dataclass

from fatnn_bench.accuracy.records import AccuracyRun
from fatnn_bench.accuracy.summary import Summary, differences, summaries, t_half_width
from fatnn_bench.comparison import ranking
from fatnn_bench.comparison.same_network import difference
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.records.run import Row, Run
from fatnn_bench.workload import precisions


@dataclass(frozen=True)
class Choice:
    """A precision of a network: its accuracy over seeds, and one image's latency."""

    summary: Summary
    row: Row  #: of scope ``network``, timed

    @property
    def precision(self) -> str:
        return self.summary.precision

    @property
    def latency_s(self) -> float:
        assert self.row.median_s is not None
        return self.row.median_s

    @property
    def latency_low_s(self) -> float:
        """The lower end of the latency's 95% interval."""
        return self.latency_s if self.row.ci_low_s is None else self.row.ci_low_s

    @property
    def latency_high_s(self) -> float:
        return self.latency_s if self.row.ci_high_s is None else self.row.ci_high_s


@dataclass(frozen=True)
class Choices:
    """All precisions that both runs know."""

    network: str
    choices: tuple[Choice, ...]
    left_out: tuple[str, ...]  #: a sentence for each precision without a time, and for each training that diverged


def joined(accuracy: AccuracyRun, speed: Run) -> Choices:
    """Return the precisions of an accuracy run, each with the row of the best way that runs it.

    What no low-bit kernel can run, such as ternary weights with float32 activations, runs in float32. Of several batch
    sizes the smallest counts, and of several numbers of threads the fewest.

    Raises
    ------
    NothingComparableError
        The speed run has no timed row of the accuracy run's network in scope ``network``, or of another network of
        its name, on larger images say.
    """
    network = accuracy.header.settings.network
    rows = [row for row in speed.rows if row.timed and row.scope == "network" and row.network == network]
    if not rows:
        raise NothingComparableError(
            f"{speed.source or 'the run'} has no time of the whole network {network}, which {accuracy.source} is of; "
            f"measure it with `fatnn-bench run --scope network --shapes {network}`"
        )
    if unlike := difference(accuracy.header, rows[0]):
        raise NothingComparableError(
            f"{accuracy.source} and {speed.source or 'the run'} are of two networks: {unlike}; "
            "train and time the same one"
        )
    least = min(map(_size, rows))
    timed = {row.kernel: row for row in rows if _size(row) == least}
    ranked = ranking.ranked([timed])
    found, left_out = [], list(accuracy.cautions)
    for summary in summaries(accuracy.rows):
        kernel = summary.kernel or precisions.FLOAT32
        wanted = precisions.named(kernel) or kernel
        if wanted in ranked:
            found.append(Choice(summary, timed[ranked[wanted][0]]))
        else:
            left_out.append(f"{summary.precision}: no time of a {precisions.words(wanted)} kernel in {speed.source}")
    if not found:
        raise NothingComparableError(
            f"{speed.source or 'the run'} has times of none of the precisions in {accuracy.source}; "
            f"measure them with `fatnn-bench run --scope network --shapes {network}`"
        )
    return Choices(network, tuple(found), tuple(left_out))


def _size(row: Row) -> tuple[int, int]:
    return row.shape.get("batch", 1), row.threads


@dataclass(frozen=True)
class Advice:
    """What to run."""

    best: Choice
    equals: tuple[Choice, ...]  #: that cannot be told from the best by what was asked for
    unsure: tuple[Choice, ...]  #: of which the limits' intervals do not tell whether they are kept


def recommend(choices: Choices, max_latency_s: float | None, min_accuracy: float | None) -> Advice:
    """Return the most accurate precision within a latency, or the fastest of at least an accuracy.

    A limit is kept where the whole 95% interval is on its right side, and broken where the whole interval is on the
    wrong one; in between, no one can tell. With both limits, the most accurate precision that keeps both is best.

    Raises
    ------
    NothingComparableError
        No precision surely keeps the limits; the message says which ones may.
    """
    kept, unsure = [], []
    for choice in choices.choices:
        sides = [_fits(choice, max_latency_s), _reaches(choice, min_accuracy)]
        if all(sides):
            kept.append(choice)
        elif False not in sides:
            unsure.append(choice)
    if not kept:
        may = f"cannot tell for {', '.join(choice.precision for choice in unsure)}" if unsure else "all surely break it"
        raise NothingComparableError(
            f"no precision of {choices.network} surely keeps the limit: {may}; allow more, or measure more seeds"
        )
    if max_latency_s is not None:
        best = max(kept, key=lambda choice: (choice.summary.mean, -choice.latency_s))
        equals = [other for other in kept if other is not best and not _less_accurate(other, best)]
    else:
        best = min(kept, key=lambda choice: (choice.latency_s, -choice.summary.mean))
        equals = [other for other in kept if other is not best and other.latency_low_s <= best.latency_high_s]
    return Advice(best, tuple(equals), tuple(unsure))


def _fits(choice: Choice, most_s: float | None) -> bool | None:
    """Whether a latency is kept; None where its interval does not tell."""
    if most_s is None or choice.latency_high_s <= most_s:
        return True
    return False if choice.latency_low_s > most_s else None


def _reaches(choice: Choice, least: float | None) -> bool | None:
    """Whether an accuracy is reached; None where its interval does not tell, as of one seed."""
    if least is None or choice.summary.low >= least:
        return True
    return False if choice.summary.high < least else None


def _less_accurate(a: Choice, b: Choice) -> bool:
    """Whether a is surely less accurate than b, by their differences seed by seed."""
    by_seed = differences(b.summary, a.summary)
    return bool(by_seed) and sum(by_seed) / len(by_seed) - t_half_width(by_seed) > 0
