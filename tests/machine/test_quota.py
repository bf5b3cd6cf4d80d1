import pytest

from fatnn_bench import machine
from fatnn_bench.machine import quota


def write(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


@pytest.fixture
def second(tmp_path):
    """A group of version 2 with half a core more than its slice above it."""
    write(tmp_path, proc__self__cgroup="0::/a.slice/b")
    group = tmp_path / "sys/fs/cgroup/a.slice/b"
    group.mkdir(parents=True)
    (group / "cpu.max").write_text("250000 100000\n")
    (group / "cpu.stat").write_text("usage_usec 5\nnr_throttled 3\nthrottled_usec 1500000\n")
    (group.parent / "cpu.max").write_text("200000 100000\n")
    return tmp_path


@pytest.fixture
def first(tmp_path):
    """A group of version 1, whose folder a container does not see; the one that it is in lies at the mount."""
    write(tmp_path, proc__self__cgroup="4:memory:/x\n3:cpu,cpuacct:/docker/1\n0::/")
    group = tmp_path / "sys/fs/cgroup/cpu,cpuacct"
    group.mkdir(parents=True)
    (group / "cpu.cfs_quota_us").write_text("150000\n")
    (group / "cpu.cfs_period_us").write_text("100000\n")
    (group / "cpu.stat").write_text("nr_periods 7\nthrottled_time 2500000000\n")
    return tmp_path


def test_the_tightest_group_counts(second):
    assert quota.cores(second) == 2.0
    assert [folder.name for folder in quota.limited(second)] == ["b", "a.slice"]
    assert quota.throttled_s(quota.limited(second)) == 1.5


def test_version_1_is_read_too(first):
    assert quota.cores(first) == 1.5
    assert quota.throttled_s(quota.limited(first)) == 2.5


@pytest.mark.parametrize("told", ["max 100000", "-1", "", "rubbish here", "100000 0"])
def test_no_limit_is_none(tmp_path, told):
    write(tmp_path, proc__self__cgroup="0::/", **{"sys__fs__cgroup__cpu.max": told})
    assert quota.cores(tmp_path) is None
    assert quota.cores(tmp_path / "nothing") is None


@pytest.mark.parametrize(("limit", "count"), [(None, 4), (8.0, 4), (2.5, 2), (0.3, 1)])
def test_threads_are_as_many_as_the_quota_feeds(monkeypatch, limit, count):
    monkeypatch.setattr(quota.os, "sched_getaffinity", lambda pid: {0, 1, 2, 5})
    monkeypatch.setattr(quota, "cores", lambda: limit)
    assert quota.usable_cores() == count


def test_the_machine_tells_its_quota(second):
    assert machine.describe(second)["cpu_quota_cores"] == 2.0
