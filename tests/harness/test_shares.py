import math
from dataclasses import replace

import pytest
from synthetic import make_row

from fatnn_bench.harness.shares import together
from fatnn_bench.records.run import Noise, Row, Status, Stop, consistent


def row(ms, kernel="binary", **changes):
    """What a process says of a case: three samples."""
    samples = [ms * 1e-3 * x for x in (0.99, 1.0, 1.02)]
    fields = {"samples_s": samples, "processes": [3], "min_s": samples[0], "block": f"block of {ms}"}
    return make_row(kernel, ms=ms, **fields | changes)


def lost(reason="the worker was ended by SIGKILL"):
    return make_row("binary", status=Status.ERROR, reason=reason)


def joined(*rows, processes=3):
    (found,) = together([dict(enumerate(rows))], [], processes)
    assert isinstance(found, Row)
    return found


def test_the_time_is_the_geometric_mean_of_the_processes():
    found = joined(row(1.0, touched=[0]), row(2.0, touched=[1, 2]), row(4.0))
    assert found.median_s == pytest.approx(2e-3)
    assert found.by_process == [row(ms).samples_s for ms in (1.0, 2.0, 4.0)]
    assert (found.min_s, found.touched, found.status, found.reason) == (0.99e-3, [0, 4, 5], Status.PASSED, "")
    assert found.ci_low_s < 1e-3 < 4e-3 < found.ci_high_s
    assert consistent(found) is found


def test_all_cases_of_a_block_tell_how_sure_each_is():
    def width(*others):
        first, *_ = together([dict(enumerate([row(1.0), row(1.01), row(1.02)])), *others], [], 3)
        return math.log(first.ci_high_s / first.ci_low_s)

    quiet = [{i: row(2.0 + 0.01 * i, kernel, block="b") for i in range(3)} for kernel in "abcdefg"]
    assert width(*quiet) < width()


def test_rates_and_stages_are_means_of_those_known():
    slow = row(1.0, peak_fraction=0.5, peak_gbytes_per_s=4.0, stages_s={"pack": 1e-4}, stopped=Stop.PRECISE)
    fast = row(1.0, peak_fraction=0.98, stages_s={"pack": 3e-4}, stopped=Stop.BUDGET)
    found = joined(slow, fast, processes=2)
    assert found.peak_fraction == pytest.approx(0.7)
    assert (found.peak_gbytes_per_s, found.stages_s) == (pytest.approx(4.0), {"pack": pytest.approx(2e-4)})
    assert found.stopped is Stop.BUDGET


def test_a_lost_process_leaves_the_row_what_the_others_took():
    found = joined(row(1.0), lost(), row(4.0))
    assert found.median_s == pytest.approx(2e-3)
    assert [len(samples) for samples in found.by_process] == found.processes == [3, 0, 3]
    assert found.status is Status.MISTRUSTED
    assert found.reason == "nothing of process 2 of 3: the worker was ended by SIGKILL"


def test_a_result_that_is_wrong_in_any_process_fails():
    found = joined(row(1.0), make_row("binary", status=Status.FAILED, reason="it changed"), row(1.0))
    assert (found.status, found.reason, found.median_s) == (Status.FAILED, "in process 2 of 3: it changed", None)


def test_what_the_first_process_cannot_time_has_its_row():
    assert joined(lost("no room")) == lost("no room")


def test_most_processes_have_to_mistrust_a_time():
    bad = replace(row(1.0), status=Status.MISTRUSTED, reason="the clock fell")
    assert joined(bad, row(1.0), row(1.0)).status is Status.PASSED
    found = joined(row(1.0), bad, bad)
    assert (found.status, found.reason) == (Status.MISTRUSTED, "in 2 of 3 processes: the clock fell")


def test_noise_of_all_processes_is_one_record():
    def noise(block, ratio):
        return Noise(block=block, floor=0.5, pairs=[{"case": "c", "ratio": ratio}], canary_s=[1e-3], steal_s=0.1)

    *_, found = together([{0: row(1.0), 1: row(1.0)}], [noise("a", 1.01), noise("b", 0.99)], 2)
    assert (found.block, len(found.pairs), found.canary_s, found.steal_s) == ("a", 2, [1e-3, 1e-3], 0.2)
    assert 0.01 < found.floor < 0.1
