"""The machine's description against made-up /proc and /sys trees, and against the real ones."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from fatnn_bench import machine
from fatnn_bench.machine import description

CPUINFO = """processor\t: 0
model name\t: Example CPU 9000
cpu MHz\t\t: 2500.500
flags\t\t: fpu sse2 avx2{hypervisor}

processor\t: 1
model name\t: Another
"""


def tree(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def cpu(name: str) -> str:
    return f"sys/devices/system/cpu/{name}"


def test_describes_this_machine_in_json():
    here = machine.describe()
    assert json.loads(json.dumps(here, allow_nan=False)) == here
    assert here["logical_cores"] >= here["usable_cores"] >= 1
    assert here["memory_bytes"] > 2**28
    assert here["microarchitecture"]


def test_reads_proc_and_sys(tmp_path):
    files = {
        "proc/cpuinfo": CPUINFO.format(hypervisor=""),
        "proc/1/cgroup": "0::/\n",
        cpu("cpu0/cache/index0/level"): "1\n", cpu("cpu0/cache/index0/type"): "Data\n",
        cpu("cpu0/cache/index0/size"): "48K\n",
        cpu("cpu0/cache/index2/level"): "2\n", cpu("cpu0/cache/index2/type"): "Unified\n",
        cpu("cpu0/cache/index2/size"): "2048K\n",
        cpu("cpu0/cpufreq/scaling_governor"): "powersave\n", cpu("cpu0/cpufreq/cpuinfo_max_freq"): "4700000\n",
        cpu("cpu0/cpufreq/scaling_cur_freq"): "1200000\n", cpu("intel_pstate/no_turbo"): "0\n",
        cpu("isolated"): "2-3\n", "sys/devices/cpu_atom/cpus": "4-5\n",
    }  # fmt: skip
    found = machine.describe(tree(tmp_path, **files))
    expected = {
        "cpu": "Example CPU 9000", "virtualisation": "none", "container": "none",
        "governor": "powersave", "turbo": True, "turbo_switch": "intel_pstate/no_turbo",
        "isolated_cores": "2-3", "efficiency_cores": [4, 5],
        "caches_bytes": {"L1d": 48 * 1024, "L2": 2048 * 1024}, "frequency_hz": 1_200_000_000,
        "max_frequency_hz": 4_700_000_000,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_what_the_system_does_not_tell_is_none(tmp_path):
    found = machine.describe(tmp_path)
    unknown = ("caches_bytes", "virtualisation", "container", "governor", "turbo", "frequency_hz", "max_frequency_hz")
    assert [found[name] for name in unknown] == [None] * len(unknown)


@pytest.mark.parametrize(
    ("files", "field", "expected"),
    [
        ({"proc/cpuinfo": CPUINFO.format(hypervisor=" hypervisor")}, "virtualisation", "hypervisor"),
        ({"sys/hypervisor/type": "xen\n"}, "virtualisation", "xen"),
        (
            {"proc/cpuinfo": CPUINFO.format(hypervisor=" hypervisor"), "sys/class/dmi/id/product_name": "KVM\n"},
            "virtualisation",
            "KVM",
        ),
        ({"proc/cpuinfo": CPUINFO}, "frequency_hz", 2_500_500_000),
        ({".dockerenv": ""}, "container", "docker"),
        ({"run/.containerenv": ""}, "container", "podman"),
        ({"proc/1/cgroup": "0::/kubepods/pod1\n"}, "container", "kubepods"),
        ({cpu("cpufreq/boost"): "0\n"}, "turbo", False),
        ({cpu("intel_pstate/no_turbo"): "1\n"}, "turbo", False),
    ],
)
def test_one_fact(tmp_path, files, field, expected):
    assert machine.describe(tree(tmp_path, **files))[field] == expected


def test_a_cores_own_clock_is_read(tmp_path):
    """As the governor has it; else as the processor's list has it, entry by entry."""
    listed = "processor\t: 0\ncpu MHz\t\t: 800.0\n\nprocessor\t: 1\ncpu MHz\t\t: 3100.0\n"
    root = tree(tmp_path, **{"proc/cpuinfo": listed})
    assert [machine.frequency_hz(core, root) for core in (0, 1, 2)] == [800_000_000, 3_100_000_000, None]
    tree(tmp_path, **{cpu("cpu1/cpufreq/scaling_cur_freq"): "2000000\n"})
    assert machine.frequency_hz(1, root) == 2_000_000_000


def test_identity_survives_clocks_and_load_but_not_another_processor():
    here = machine.describe()
    jittered = here | {
        "load_average": [9.0],
        "available_memory_bytes": 1,
        "governor": "other",
        "flags": here["flags"][::-1],
    }
    assert machine.identity(jittered) == machine.identity(here)
    assert machine.identity({"memory_bytes": 16 * 2**30 - 10**8})["memory_gib"] == 16
    for changed in ({"cpu": "other"}, {"flags": ["sse2"]}, {"memory_bytes": 2**50}, {"physical_cores": 999}):
        assert machine.identity(here | changed) != machine.identity(here)


def test_identity_of_an_unknown_machine_is_unknown():
    assert set(machine.identity({}).values()) == {None}


@pytest.mark.parametrize("package", ["numpy", "scipy", "numba", "llvmlite", "torch", "onnxruntime"])
def test_what_is_measured_has_its_version_beside_it(package):
    assert machine.software()[package] == machine.installed_version(package)


def test_software_names_versions_and_only_variables_that_matter(monkeypatch):
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    monkeypatch.setenv("OMP_PROC_BIND", "true")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    for name in ("A_SECRET", "HOME", "MY_OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "private")
    found = machine.software()
    assert found["numpy"].count(".") == 2
    assert found["fatnn-bench"]
    assert found["environment"]["NUMBA_CPU_NAME"] == "generic"
    assert found["environment"]["OMP_PROC_BIND"] == "true"
    assert found["environment"]["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert "private" not in json.dumps(found)
    assert all("/" not in str(library) for library in found["blas"])


def test_a_package_that_is_not_installed_has_no_version():
    assert machine.installed_version("no-such-distribution") is None


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_commit_and_whether_sources_differ_from_it(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    assert description._commit(tmp_path) == {"commit": None, "dirty": None}
    git("init")
    assert description._commit(tmp_path) == {"commit": None, "dirty": None}
    tree(tmp_path, **{"kernels/a.py": "1", "platforms.yaml": "", "fatnn_bench/b.py": ""})
    git("add", ".")
    git("commit", "-m", "first")
    tree(tmp_path, **{"results/run.jsonl": ""})
    assert description._commit(tmp_path)["dirty"] is False
    assert len(description._commit(tmp_path)["commit"]) == 40
    tree(tmp_path, **{"kernels/new.py": ""})
    assert description._commit(tmp_path)["dirty"] is True
