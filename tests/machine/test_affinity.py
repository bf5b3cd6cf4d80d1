import os
import threading

import pytest

from fatnn_bench.errors import UserError
from fatnn_bench.machine import affinity

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process")


@pytest.fixture
def pinned(monkeypatch):
    """What a process of four cores, the third of which is the quietest, was pinned to."""
    found = []

    def pin_to(pid, cores):
        if not cores <= {0, 1, 2, 3, 7}:  # the last is isolated: usable, and not among the scheduler's own
            raise OSError(22, "Invalid argument")
        found.append(cores)

    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})
    monkeypatch.setattr(os, "sched_setaffinity", pin_to)
    monkeypatch.setattr(affinity.psutil, "cpu_percent", lambda **_: [50.0, 9.0, 3.0, 8.0])
    return found


@pytest.mark.parametrize(("wanted", "core"), [("auto", 2), ("0", 0), ("7", 7)])
def test_a_process_is_pinned_to_the_core_asked_for(pinned, tmp_path, wanted, core):
    assert affinity.pin(wanted, tmp_path) == core
    assert pinned == [{core}]


@pytest.fixture
def _forbidden(monkeypatch):
    def refuse(pid, cores):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)


@pytest.mark.usefixtures("_forbidden")
def test_where_the_system_forbids_it_nothing_is_pinned_and_the_log_says_so(caplog):
    assert affinity.pin("auto") is None
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "the system lets no process choose its core (Operation not permitted)"
    ]
    assert affinity.other_cores() == []


@pytest.mark.usefixtures("_forbidden")
def test_but_a_core_that_a_person_asked_for_is_an_error():
    with pytest.raises(UserError, match="--affinity 0: this process cannot run on core 0"):
        affinity.pin("0")


def test_cores_are_known_by_number_where_some_are_offline(tmp_path):
    folder = tmp_path / "sys/devices/system/cpu"
    folder.mkdir(parents=True)
    (folder / "online").write_text("0,2-3\n")
    assert affinity.by_core([5.0, 6.0, 7.0], tmp_path) == {0: 5.0, 2: 6.0, 3: 7.0}
    assert affinity.by_core([5.0, 6.0], tmp_path) == {0: 5.0, 1: 6.0}  # as in a container that is shown fewer


def test_or_to_none(pinned):
    assert affinity.pin("none") is None
    assert pinned == []


@pytest.mark.parametrize("core", ["4", "99999999999999999999"])
def test_a_core_that_is_not_there_is_named_with_those_that_are(pinned, core):
    with pytest.raises(UserError, match=f"cannot run on core {core}; it may use 0, 1, 2, 3"):
        affinity.pin(core)


def test_an_efficiency_core_is_chosen_only_where_there_is_no_other(pinned, tmp_path):
    folder = tmp_path / "sys/devices/cpu_atom"
    folder.mkdir(parents=True)
    (folder / "cpus").write_text("2-3\n")
    assert affinity.pin("auto", tmp_path) == 1
    (folder / "cpus").write_text("0-3\n")
    assert affinity.pin("auto", tmp_path) == 2


def test_small_cores_are_those_of_less_capacity(tmp_path):
    for core, capacity in enumerate((446, 446, 1024)):
        (tmp_path / f"sys/devices/system/cpu/cpu{core}").mkdir(parents=True)
        (tmp_path / f"sys/devices/system/cpu/cpu{core}/cpu_capacity").write_text(f"{capacity}\n")
    assert affinity.efficiency_cores(tmp_path) == {0, 1}
    assert affinity.efficiency_cores(tmp_path / "nothing") == set()


def test_of_equals_the_last_core_is_the_quietest():
    assert affinity.quietest({0: 1.0, 1: 1.0, 2: 1.0}, {0, 1}) == 1


def test_core_lists_are_read_as_the_kernel_writes_them():
    assert affinity.core_list("0-2,5,8-8\n") == {0, 1, 2, 5, 8}
    assert affinity.core_list("") == set()


def in_a_thread(mask):
    """What a thread that is bound to some cores says of the others, and its own cores after it was asked."""
    found = []

    def ask():
        os.sched_setaffinity(0, mask)
        found.append((affinity.other_cores(), os.sched_getaffinity(0)))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return found[0]


def test_a_bound_thread_leaves_the_other_cores_to_others():
    usable = os.sched_getaffinity(0)
    for core in usable:
        assert in_a_thread({core}) == (sorted(usable - {core}), {core})


def test_a_thread_that_is_bound_to_no_core_leaves_all():
    usable = os.sched_getaffinity(0)
    if len(usable) > 1:
        assert in_a_thread(usable) == (sorted(usable), usable)
