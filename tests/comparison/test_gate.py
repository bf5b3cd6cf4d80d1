import pytest
from synthetic import make_noise, make_row, make_run

from fatnn_bench.comparison import compare_runs, gate
from fatnn_bench.errors import Exit
from fatnn_bench.records.run import Status

BEFORE = make_run(make_row("binary", ms=1.0), make_row("int8", ms=1.0), source="before.jsonl")


def after(*rows, **changes):
    return compare_runs.ratios([BEFORE, make_run(*rows, source="after.jsonl", **changes)])


def spread(kernel, ms, width):
    """A row whose samples spread so widely that nothing can be told."""
    return make_row(kernel, ms=ms, samples_s=[ms / 1e3 * (1 + width * (i - 3)) for i in range(7)])


@pytest.mark.parametrize(("ms", "code"), [(1.2, Exit.REGRESSION), (1.04, Exit.FINE), (0.5, Exit.FINE)])
def test_only_what_is_slower_by_the_limit_is_a_regression(ms, code):
    ruling = gate.rule(after(make_row("binary", ms=ms), make_row("int8", ms=1.0)), limit=0.05)
    assert ruling.code is code
    assert bool(ruling.reasons) == bool(code)


def test_the_reason_names_the_case_and_its_interval():
    (reason,) = gate.rule(after(make_row("binary", ms=1.25)), limit=0.05).reasons
    assert reason.startswith("binary/net.conv1/kernel@1 0.80× [0.7")
    assert reason.endswith(": slower by 5% or more")


def test_without_a_limit_nothing_is_a_regression():
    assert gate.rule(after(make_row("binary", ms=9.0))).code is Exit.FINE


@pytest.mark.parametrize(
    ("status", "code"), [(Status.FAILED, Exit.WRONG_RESULT), (Status.ERROR, Exit.ERROR), (Status.SKIPPED, Exit.FINE)]
)
def test_what_broke_is_told_from_what_is_slower(status, code):
    rows = [make_row("binary", status=status, reason="r"), make_row("int8", ms=1.0)]
    assert gate.rule(after(*rows), limit=0.05).code is code


def test_the_worst_decides_and_all_are_told():
    ruling = gate.rule(after(make_row("binary", status=Status.FAILED), make_row("int8", ms=2.0)), limit=0.05)
    assert ruling.code is Exit.WRONG_RESULT
    assert [reason.rpartition(": ")[2] for reason in ruling.reasons] == [
        "timed in the first run, and wrong now",
        "slower by 5% or more",
    ]


def test_noise_that_may_hide_a_regression_is_a_fault_only_if_asked():
    ratios = after(spread("binary", 1.0, 0.1))
    assert gate.rule(ratios, limit=0.05).code is Exit.FINE
    assert gate.rule(ratios, limit=0.05, strict=True).code is Exit.TOO_NOISY
    assert gate.rule(ratios, strict=True).code is Exit.TOO_NOISY


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (make_row("binary", ms=2.0, status=Status.MISTRUSTED, reason="r"), "a time of it is MISTRUSTED"),
        (spread("binary", 1.2, 0.2), "noise hides whether it is"),
    ],
)
def test_what_measured_slower_and_cannot_be_believed_is_told(row, why):
    ratios = after(row, make_row("int8", ms=1.0))
    ruling = gate.rule(ratios, limit=0.05)
    assert (ruling.code, ruling.reasons) == (Exit.FINE, ())
    (warning,) = ruling.warnings
    assert warning.startswith("binary/net.conv1/kernel@1 0.")
    assert f"measured slower by 5% or more, but {why}; " in warning
    strict = gate.rule(ratios, limit=0.05, strict=True)
    assert (strict.code, len(strict.reasons), strict.warnings) == (Exit.TOO_NOISY, 1, ())


def test_a_mistrusted_first_run_is_a_doubt_as_well():
    before = make_run(make_row("binary", ms=1.0, status=Status.MISTRUSTED, reason="r"), source="before.jsonl")
    ratios = compare_runs.ratios([before, make_run(make_row("binary", ms=2.0), source="after.jsonl")])
    assert "MISTRUSTED" in gate.rule(ratios, limit=0.05).warnings[0]


def test_doubts_of_less_than_the_limit_and_without_one_are_not_told():
    ratios = after(make_row("binary", ms=1.04, status=Status.MISTRUSTED, reason="r"), make_row("int8", ms=1.0))
    assert gate.rule(ratios, limit=0.05).warnings == gate.rule(ratios).warnings == ()


def test_noise_that_hides_only_a_gain_is_none():
    ratios = after(spread("binary", 0.8, 0.15), spread("int8", 0.8, 0.15))
    assert set(ratios["verdict"].dropna()) == {"UNCLEAR"}
    assert gate.rule(ratios, limit=0.5, strict=True).code is Exit.FINE


def test_a_floor_above_the_limit_hides_it():
    ratios = after(make_row("binary", ms=1.0), make_row("int8", ms=1.0), noise=make_noise(0.11))
    assert gate.rule(ratios, limit=0.05).code is Exit.FINE
    assert gate.rule(ratios, limit=0.05, strict=True).code is Exit.TOO_NOISY
    assert gate.rule(ratios, limit=0.10, strict=True).code is Exit.FINE


def test_many_cases_are_counted():
    rows = [make_row("binary", f"conv{i}", ms=1.0) for i in range(5)]
    slow = [make_row("binary", f"conv{i}", ms=2.0) for i in range(5)]
    ratios = compare_runs.ratios([make_run(*rows, source="a.jsonl"), make_run(*slow, source="b.jsonl")])
    (reason,) = gate.rule(ratios, limit=0.05).reasons
    assert "conv2" in reason
    assert "conv3" not in reason
    assert ", 2 more: " in reason


@pytest.mark.parametrize("limit", [None, 0.05])
@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ((), "binary/net.conv1/kernel@1 (absent): timed in the first run, and not timed now"),
        ((make_row("binary", status=Status.SKIPPED),), "(SKIPPED): timed in the first run, and not timed now"),
        (
            (make_row("binary", ms=9.0, shape={"name": "conv1", "m": 49, "n": 512, "k": 9216}),),
            "(k is 9216, and 4608 in before): of another shape than in the first run, and not compared",
        ),
    ],
)
def test_what_was_timed_and_cannot_be_compared_is_told_and_does_not_pass_a_strict_gate(row, sentence, limit):
    ratios = after(make_row("int8", ms=1.0), *row)
    (warning,) = gate.rule(ratios, limit).warnings
    assert warning.endswith(sentence)
    assert gate.rule(ratios, limit).code is Exit.FINE
    ruling = gate.rule(ratios, limit, strict=True)
    assert (ruling.code, ruling.reasons) == (Exit.TOO_NOISY, (warning,))
