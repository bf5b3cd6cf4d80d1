"""What the doctor sees only at the machine, now."""

import pytest

from fatnn_bench.machine import doctor, llvm_mca
from fatnn_bench.machine.doctor import Load
from fatnn_bench.machine.findings import State

QUIET = Load({0: 0.01, 1: 0.02}, 0.0)


def found(what, root, load=QUIET, **environment):
    (finding,) = [each for each in doctor.examine(load, environment, root) if each.what == what]
    return finding


@pytest.fixture
def virtual(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor: 0\nflags: fpu hypervisor\n")
    return tmp_path


def test_busy_cores_are_named(tmp_path):
    assert found("load", tmp_path).state is State.GOOD
    busy = found("load", tmp_path, Load({0: 0.05, 3: 0.93}, 0.0))
    assert busy.state is State.DOUBTFUL
    assert busy.found == "busy cores: 3 (93%)"
    assert busy.mend


def test_stolen_time_is_told_of_virtual_machines(virtual):
    assert found("steal time", virtual).state is State.GOOD
    stolen = found("steal time", virtual, Load({0: 0.0}, 0.031))
    assert stolen.state is State.DOUBTFUL
    assert stolen.found.startswith("3.1% taken")


def test_variables_that_what_is_measured_does_not_see_are_named_and_no_others(tmp_path):
    finding = found("variables of libraries", tmp_path, OMP_NUM_THREADS="3", NUMBA_OPT="hidden", A_SECRET="x")
    assert finding.found.startswith("NUMBA_OPT, OMP_NUM_THREADS: ")
    assert finding.mend == "unset NUMBA_OPT OMP_NUM_THREADS"
    assert not {"A_SECRET", "hidden"} & set(finding.found.split())


def test_a_library_that_is_loaded_first_is_doubtful(tmp_path):
    finding = found("LD_PRELOAD", tmp_path, LD_PRELOAD="/opt/lib/fast.so")
    assert (finding.state, finding.found.split(",")[0]) == (State.DOUBTFUL, "fast.so")


def test_the_machine_is_judged_as_a_report_judges_it(tmp_path):
    governor = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    governor.parent.mkdir(parents=True)
    governor.write_text("powersave\n")
    assert found("governor", tmp_path).state is State.DOUBTFUL


@pytest.mark.parametrize(
    ("version", "packaged", "state", "mend"),
    [
        ("14.0.6", 22, State.NOTE, "sudo apt install llvm-22"),
        ("21.1.0", 22, State.GOOD, ""),
        ("22.1.8", None, State.GOOD, ""),
        (None, 22, State.NOTE, "sudo apt install llvm-22"),
        (None, None, State.NOTE, "sudo apt install llvm, or brew install llvm"),
    ],
)
def test_a_much_newer_llvm_mca_is_told(tmp_path, monkeypatch, version, packaged, state, mend):
    monkeypatch.setattr(llvm_mca, "find", lambda: version and "an-llvm-mca")
    monkeypatch.setattr(llvm_mca, "version", lambda program: version)
    monkeypatch.setattr(llvm_mca, "packaged", lambda: packaged)
    finding = found("llvm-mca", tmp_path)
    assert (finding.state, finding.mend) == (state, mend)


def test_extras_that_are_not_installed_are_named():
    installed, absent = "numpy; extra == 'cuda'", "no-such-distribution>=1; extra == 'parquet'"
    cuda, parquet = doctor._extras(["scipy>=1", absent, installed, "numpy; extra == 'dev'"])
    assert (cuda.what, cuda.state) == ("extra cuda", State.GOOD)
    assert (parquet.state, parquet.mend) == (State.NOTE, "pip install 'fatnn-bench[parquet]'")
    assert "no-such-distribution" in parquet.found
