"""One line for what is alike, and a count where that would be many."""

import pytest

from fatnn_bench.printing import footnotes


@pytest.mark.parametrize(
    ("faults", "notes"),
    [
        ([("a", "PASSED", "", "x")], []),
        ([("a", "ERROR", "", "x")], ["ERROR a on x: no reason was given"]),
        (
            [
                ("a", "SKIPPED", "r", "x"),
                ("b", "SKIPPED", "r", "x"),
                ("a", "SKIPPED", "r", "y"),
                ("b", "SKIPPED", "r", "y"),
            ],
            ["SKIPPED a, b on x, y: r"],
        ),
        # never "a, b on x, y": b was not skipped on y
        (
            [("a", "SKIPPED", "r", "x"), ("b", "SKIPPED", "r", "x"), ("a", "SKIPPED", "r", "y")],
            ["SKIPPED a on x, y: r", "SKIPPED b on x: r"],
        ),
    ],
)
def test_footnotes_group_only_what_is_equal(faults, notes):
    assert list(footnotes.by_kernel(faults)) == notes


CLOCK = "in 3 of 3 processes: the clock was slower by 10% or more in {} of {} rounds"
MANY = [("a", "MISTRUSTED", CLOCK.format(i, 2 * i), f"conv{i}") for i in range(1, 10)]


def test_reasons_that_differ_in_their_numbers_are_one_line_with_a_count_and_ranges():
    assert list(footnotes.by_kernel(MANY)) == [
        "† MISTRUSTED 9 cases, such as a on conv1: the clock was slower by 10% or more in 1–9 of 2–18 rounds",
        "The reason of each MISTRUSTED row is in the results file, and in --format csv",
    ]


def test_few_lines_are_left_as_they_are():
    assert list(footnotes.by_kernel(MANY[:2])) == [
        "† MISTRUSTED a on conv1: in 3 of 3 processes: the clock was slower by 10% or more in 1 of 2 rounds",
        "† MISTRUSTED a on conv2: in 3 of 3 processes: the clock was slower by 10% or more in 2 of 4 rounds",
    ]


def test_a_case_of_two_reasons_counts_in_both_and_other_statuses_keep_their_lines():
    also = ("b", "MISTRUSTED", f"{MANY[0][2]}; it ran on float32 and AVX-512 in 1 of 2 rounds", "fc")
    lines = list(footnotes.by_kernel([*MANY, also, ("c", "SKIPPED", "needs AMX", "fc")]))
    assert lines[0].startswith("† MISTRUSTED 10 cases, such as a on conv1: the clock")
    assert lines[1] == "† MISTRUSTED b on fc: it ran on float32 and AVX-512 in 1 of 2 rounds"
    assert lines[-1] == "SKIPPED c on fc: needs AMX"


def test_names_with_digits_are_no_numbers():
    faults = [
        ("a", "SKIPPED", f"needs {name}", "fc") for name in ("AVX2", "AVX-512", "sse4.2", "v8.2a", "float16", "x")
    ]
    assert [line for line in footnotes.by_kernel(faults) if "needs" in line] == [
        f"SKIPPED a on fc: {reason}" for _, _, reason, _ in faults
    ]


def test_many_names_are_cut_with_a_count():
    (line,) = footnotes.by_kernel([("a", "SKIPPED", "r", f"l{i}") for i in range(100)])
    assert line == f"SKIPPED a on {', '.join(f'l{i}' for i in range(12))}, 88 more: r"


def test_cases_of_several_runs_are_counted_too():
    lines = list(footnotes.by_case((f"a/l{i}", "ERROR", f"exit code {i}") for i in range(20)))
    assert lines[0] == "ERROR 20 cases, such as a/l0: exit code 0–19"
