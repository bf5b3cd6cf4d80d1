import fakes
import pytest
from fakes import BRIEF, Fake, by_name

from fatnn_bench.cases import Case
from fatnn_bench.layers import Layer, bare_gemm
from fatnn_bench.measure import measure_layer, verify_case
from fatnn_bench.results import Status
from fatnn_bench.timing import Settings

GEMM = bare_gemm(3, 4, 50)


def case(name, layer=GEMM):
    return Case(name, layer, "kernel", 1)


def measure(*contenders, settings=BRIEF, seed=0):
    """The rows of contenders on one layer, by name."""
    rows = measure_layer([case(fake.name) for fake in contenders], by_name(*contenders), settings, seed)
    return {row.kernel: row for row in rows}


def test_a_row_holds_all_that_was_measured():
    row = measure(Fake())["fake"]
    assert (row.status, row.reason) == (Status.PASSED, "")
    assert len(row.samples_s) == BRIEF.samples
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
    assert (rows["wrong"].median_s, rows["wrong"].samples_s, wrong.calls) == (None, [], 1)
    assert rows["good"].timed


@pytest.mark.parametrize("kind", [fakes.WrongLater, fakes.LazyLater])
def test_a_result_that_changes_while_it_is_timed_fails(kind):
    rows = measure(kind("sly"), Fake("good"))
    assert (rows["sly"].status, rows["sly"].reason) == (Status.FAILED, "the result changed while it was timed")
    assert (rows["sly"].median_s, rows["sly"].samples_s) == (None, [])
    assert rows["good"].timed


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


def test_a_kernel_nobody_has_is_an_error_that_names_those_there_are():
    (row,) = measure_layer([case("missing")], by_name(Fake("a"), Fake("b")), BRIEF, 0)
    assert (row.status, row.reason) == (Status.ERROR, "no kernel is named missing; there are a, b")


def test_a_depthwise_layer_is_skipped_with_the_reason():
    fake = Fake()
    layer = Layer(
        name="dw", kind="conv", in_channels=8, out_channels=8, height=5, width=5, kernel=3, groups=8, network="net"
    )
    (row,) = measure_layer([case("fake", layer)], by_name(fake), BRIEF, 0)
    assert row.status is Status.SKIPPED
    assert "8 groups" in row.reason
    assert fake.calls == 0


@pytest.mark.parametrize(("samples", "rounds"), [(6, 3), (7, 3), (5, 5), (1, 1), (20, 5)])
def test_all_samples_are_taken_whatever_the_rounds(samples, rounds):
    row = measure(Fake(), settings=Settings("any", samples, 1e-6, rounds))["fake"]
    assert len(row.samples_s) == samples


def test_all_operands_of_a_domain_are_the_same():
    first, second = Fake("first"), Fake("second")
    measure(first, second)
    assert (first.x == second.x).all()
    assert (first.y == second.y).all()


def orders(seed):
    """The order of five kernels in each of six rounds: a kernel's turn is a call to warm up and one sample."""
    log = []
    measure(*(Fake(name, log) for name in "abcde"), settings=Settings("any", 6, 1e-6, 6), seed=seed)
    names = [name for name, _ in log[-5 * 6 * 2 :]]
    assert names[::2] == names[1::2]
    return [tuple(names[i : i + 10 : 2]) for i in range(0, 60, 10)]


def test_every_round_has_every_kernel_in_an_order_of_its_own():
    rounds = orders(seed=0)
    assert all(sorted(order) == list("abcde") for order in rounds)
    assert len(set(rounds)) > 3


def test_the_seed_fixes_the_orders():
    assert orders(seed=3) == orders(seed=3) != orders(seed=4)


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
