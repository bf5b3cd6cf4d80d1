import re
from dataclasses import replace
from itertools import groupby

import fakes
import pytest
from fakes import BRIEF, Fake, by_name

from fatnn_bench.harness.measure import measure as measure_cases
from fatnn_bench.harness.measure import verify_case
from fatnn_bench.harness.timing import LEAST_ROUNDS, Settings
from fatnn_bench.machine.gpu_clock import GpuClock
from fatnn_bench.records.run import Noise, Row, Status, Stop
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer, bare_gemm

GEMM = bare_gemm(3, 4, 50)


def case(name, layer=GEMM):
    return Case(name, layer, "kernel", 1)


def records(*contenders, settings=BRIEF, seed=0, layers=(GEMM,)):
    """The rows and noise records of contenders on layers."""
    cases = [case(fake.name, layer) for layer in layers for fake in contenders]
    found = list(measure_cases(cases, by_name(*contenders), settings, seed))
    return [record for record in found if isinstance(record, Row | Noise)]


def measure(*contenders, settings=BRIEF, seed=0):
    """The rows of contenders on one layer, by name."""
    found = records(*contenders, settings=settings, seed=seed)
    return {row.kernel: row for row in found if isinstance(row, Row)}


def test_a_row_holds_all_that_was_measured():
    row = measure(Fake())["fake"]
    assert row.timed
    assert len(row.samples_s) == LEAST_ROUNDS
    assert row.min_s == min(row.samples_s) <= row.ci_low_s <= row.median_s <= row.ci_high_s <= max(row.samples_s)
    assert row.gmacs_per_s == pytest.approx(3 * 4 * 50 / row.median_s / 1e9)
    assert (row.macs, row.bytes, row.codegen) == (600, 3 * 50 + 4 * 50 + 4 * 12, {"made": "by hand"})
    assert row.loops >= 1
    assert row.compile_s > 0


def test_a_wrong_kernel_fails_and_is_never_timed():
    wrong = fakes.AlwaysWrong("wrong")
    rows = measure(wrong, Fake("good"))
    assert rows["wrong"].status is Status.FAILED
    assert "wrong result at [1, 2]" in rows["wrong"].reason
    assert (rows["wrong"].median_s, rows["wrong"].samples_s, wrong.log) == (None, [], [("wrong", 1)])
    assert rows["good"].timed


@pytest.mark.parametrize("kind", [fakes.WrongLater, fakes.LazyLater])
def test_a_result_that_changes_while_it_is_timed_fails(kind):
    rows = measure(kind("sly"), Fake("good"))
    assert (rows["sly"].status, rows["sly"].reason) == (Status.FAILED, "the result changed while it was timed")
    assert (rows["sly"].median_s, rows["sly"].samples_s) == (None, [])
    assert rows["good"].timed


def test_one_that_computes_once_for_all_calls_fails():
    row = measure(fakes.Idler(), settings=replace(BRIEF, sample_s=0.005))["fake"]
    assert row.status is Status.FAILED
    assert re.match(r"a call took .*e-1\d s, less than a clock cycle: run\(loops\) has to compute", row.reason)
    assert row.median_s is None


def test_a_single_sample_of_no_time_fails():
    row = measure(fakes.Stopwatch())["fake"]
    assert (row.status, row.median_s, row.samples_s) == (Status.FAILED, None, [])
    assert row.reason.startswith("a call took 0 s, less than a clock cycle")


def test_one_that_sleeps_at_random_is_mistrusted():
    rows = measure(fakes.Dozer("dozer"), settings=replace(BRIEF, rounds=20, sample_s=0.002, case_s=1, precision=0.0))
    assert rows["dozer"].status is Status.MISTRUSTED
    assert "something else had a core, or the kernel slept, in " in rows["dozer"].reason
    assert len(rows["dozer"].touched) > len(rows["dozer"].samples_s) / 4


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (fakes.RaisesInPrepare("bad"), "ValueError: no room"),
        (fakes.RaisesLater("bad"), "RuntimeError: out of luck"),
    ],
    ids=["in prepare", "in a later call"],
)
def test_one_that_raises_harms_no_other(bad, reason):
    rows = measure(Fake("before"), bad, Fake("after"))
    assert (rows["bad"].status, rows["bad"].reason, rows["bad"].samples_s) == (Status.ERROR, reason, [])
    assert rows["before"].timed
    assert rows["after"].timed


def test_a_gpu_that_is_slowed_down_makes_rows_mistrusted():
    class Hot(Fake):
        def run(self, loops):
            super().run(loops)
            return 1e-5 * loops  # by its own clock

        def gpu_clock(self):
            return GpuClock(1_980_000_000, "for its heat")

    row = measure(Hot("hot"))["hot"]
    assert (row.status, row.touched) == (Status.MISTRUSTED, list(range(LEAST_ROUNDS)))
    assert "the GPU was slowed down for its heat in 5 of 5 rounds" in row.reason


def test_a_kernel_nobody_has_is_an_error_that_names_those_there_are():
    found = measure_cases([case("missing")], by_name(Fake("a"), Fake("b")), BRIEF, 0)
    (row,) = (record for record in found if isinstance(record, Row))
    assert (row.status, row.reason) == (Status.ERROR, "no kernel is named missing; there are a, b")


def test_a_depthwise_layer_is_skipped_with_the_reason():
    fake = Fake()
    layer = Layer(
        name="dw", kind="conv", in_channels=8, out_channels=8, height=5, width=5, kernel=3, groups=8, network="net"
    )
    row, _ = records(fake, layers=[layer])
    assert row.status is Status.SKIPPED
    assert "8 groups" in row.reason
    assert fake.log == []


@pytest.mark.parametrize(
    ("precision", "case_s", "stopped", "samples"),
    [(0.0, 0.0, Stop.BUDGET, LEAST_ROUNDS), (1e9, 60.0, Stop.PRECISE, 10)],
    ids=["its time is spent", "its median is sure"],
)
def test_a_row_says_why_it_has_no_more_samples(precision, case_s, stopped, samples):
    row = measure(Fake(), settings=Settings("any", 10, 1e-6, case_s, precision))["fake"]
    assert (row.stopped, len(row.samples_s)) == (stopped, samples)


def test_a_case_that_will_not_settle_gets_samples_until_its_time_is_spent():
    row = measure(Fake(), settings=Settings("any", 5, 1e-6, 0.05, precision=0.0))["fake"]
    assert row.stopped is Stop.BUDGET
    assert len(row.samples_s) > 5


def test_all_operands_of_a_domain_are_the_same():
    first, second = Fake("first"), Fake("second")
    measure(first, second)
    assert (first.x == second.x).all()
    assert (first.y == second.y).all()


def orders(seed, order="interleaved"):
    """The order of five kernels and a twin in each of five rounds: a turn is a call to warm up and one sample."""
    log = []
    measure(*(Fake(name, log) for name in "abcde"), settings=replace(BRIEF, order=order), seed=seed)
    names = [name for name, _ in log[-6 * 5 * 2 :]]
    assert names[::2] == names[1::2]
    return [tuple(names[i : i + 12 : 2]) for i in range(0, 60, 12)]


def test_every_round_has_every_kernel_in_an_order_of_its_own():
    rounds = orders(seed=0)
    assert all(set(order) == set("abcde") for order in rounds)
    assert len(set(rounds)) > 3


def test_grouped_takes_all_samples_of_a_kernel_in_a_row():
    names = [name for order in orders(seed=0, order="grouped") for name in order]
    assert len([name for name, _ in groupby(names)]) in (5, 6)  # six where the twin does not follow its original


def test_the_seed_fixes_the_orders():
    assert orders(seed=3) == orders(seed=3) != orders(seed=4)


def test_cases_of_a_block_are_in_turns_and_those_of_a_group_are_not():
    assert measure(Fake())["fake"].block is not None
    assert measure(Fake(), settings=replace(BRIEF, order="grouped"))["fake"].block is None


def test_one_kernel_of_every_layer_is_measured_twice():
    *rows, noise = records(Fake("a"), Fake("b"), layers=[bare_gemm(3, 3, 3), bare_gemm(4, 4, 4)])
    assert len(rows) == 4
    assert {row.block for row in rows} == {noise.block}
    assert [pair["case"].split("/")[1] for pair in noise.pairs] == ["3x3x3", "4x4x4"]
    assert all(pair["ratio"] > 0 for pair in noise.pairs)
    assert noise.floor >= 0
    assert len(noise.canary_s) == LEAST_ROUNDS


def test_a_run_of_nothing_but_failures_has_no_floor():
    assert records(fakes.AlwaysWrong("wrong"))[-1].floor is None


def test_the_seed_fixes_the_data():
    runs = [Fake() for _ in range(3)]
    for fake, seed in zip(runs, (1, 1, 2), strict=True):
        measure(fake, seed=seed)
    assert (runs[0].x == runs[1].x).all()
    assert (runs[0].x != runs[2].x).any()


def test_verify_sees_what_random_data_does_not():
    sly = fakes.WrongOnEqual("sly")
    assert measure(sly)["sly"].timed
    row = verify_case(case("sly"), by_name(sly), 0)
    assert row.status is Status.FAILED
    assert "wrong result at [0, 0]" in row.reason


def test_verify_passes_without_timing():
    fake = Fake()
    row = verify_case(case("fake"), by_name(fake), 0)
    assert (row.status, row.median_s, row.samples_s) == (Status.PASSED, None, [])
    assert fake.log == [("fake", 1)] * 4


@pytest.mark.parametrize(("m", "n", "k"), [(1_000_000_000, 1000, 1), (1000, 1, 2_000_000_000)])
def test_what_cannot_be_allocated_is_refused_before_it_is(m, n, k):
    row = verify_case(Case("one", bare_gemm(m, n, k), "kernel", 1), by_name(Fake("one")), 0)
    assert row.status == Status.SKIPPED
    assert row.reason.startswith(f"M = {m}, N = {n} and K = {k} take up to ")
    assert row.reason.endswith("GB of memory are free")
