"""What is made of the facts of a header: the state, and the command that mends it."""

import json

import pytest

from fatnn_bench import machine
from fatnn_bench.machine import findings
from fatnn_bench.machine.findings import State

QUIET = {
    "governor": "performance",
    "turbo": False,
    "turbo_switch": "cpufreq/boost",
    "logical_cores": 8,
    "physical_cores": 8,
    "isolated_cores": "4-7",
    "efficiency_cores": [],
    "cpu_quota_cores": None,
    "available_memory_bytes": 8 * 2**30,
    "memory_bytes": 16 * 2**30,
}
BLAS = {"blas": [{"internal_api": "openblas", "version": "0.3.31", "architecture": "Zen"}]}


def found(what, **facts):
    (finding,) = [each for each in findings.of(QUIET | facts, BLAS) if each.what == what]
    return finding


def test_a_machine_made_quiet_has_nothing_doubtful():
    assert {finding.state for finding in findings.of(QUIET, BLAS)} == {State.GOOD}


@pytest.mark.parametrize(
    ("what", "facts", "mend"),
    [
        ("governor", {"governor": "powersave"}, "cpupower frequency-set -g performance"),
        ("turbo", {"turbo": True}, "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost"),
        ("turbo", {"turbo": True, "turbo_switch": "intel_pstate/no_turbo"}, "echo 1 | sudo tee"),
        ("SMT siblings", {"logical_cores": 16}, "echo off | sudo tee /sys/devices/system/cpu/smt/control"),
        ("memory", {"available_memory_bytes": 2**30}, "top"),
    ],
)
def test_what_is_doubtful_comes_with_what_mends_it(what, facts, mend):
    finding = found(what, **facts)
    assert finding.state is State.DOUBTFUL
    assert mend in finding.mend


def test_a_numpy_without_blas_is_doubtful():
    (finding,) = findings.of({}, {"blas": []})
    assert finding.state is State.DOUBTFUL


@pytest.mark.parametrize(
    ("what", "fact"),
    [
        ("governor", "governor"),
        ("turbo", "turbo"),
        ("SMT siblings", "physical_cores"),
        ("isolated cores", "isolated_cores"),
    ],
)
def test_what_the_system_does_not_tell_is_unknown(what, fact):
    assert found(what, **{fact: None}).state is State.UNKNOWN


def test_what_is_good_to_know_is_no_doubt():
    assert found("isolated cores", isolated_cores="").state is State.NOTE
    assert "4, 5" in found("efficiency cores", efficiency_cores=[4, 5]).found


def test_a_header_from_before_a_fact_was_recorded_yields_nothing_of_it():
    assert [each.what for each in findings.of({"governor": None}, {})] == ["governor"]
    assert list(findings.of({}, {})) == []


def test_every_rule_has_its_facts_in_a_header_of_this_machine():
    header = json.loads(json.dumps([machine.describe(), machine.software()]))
    whats = {each.what for each in findings.of(*header)}
    assert whats == {each.what for each in findings.of(QUIET, BLAS)}


def test_a_quota_of_cpu_time_is_doubtful():
    quota = found("CPU quota", cpu_quota_cores=1.5)
    assert (quota.state, quota.found.split(":")[0]) == (State.DOUBTFUL, "1.5 cores' worth of time")
