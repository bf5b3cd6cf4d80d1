import re

import pytest
from fakes import BRIEF

from fatnn_bench import campaign, launch
from fatnn_bench.campaign import Plan, estimate_s, exit_code
from fatnn_bench.errors import Exit, UserError
from fatnn_bench.harness import events as said
from fatnn_bench.harness.timing import QUICK, RIGOROUS, STANDARD
from fatnn_bench.platforms import CpuPlatform
from fatnn_bench.records import store
from fatnn_bench.records.run import Status, unmeasured
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import Layer, bare_gemm

PLATFORM = CpuPlatform(kind="cpu", threads=1)
#: The killer's process is killed, and the sleeper sleeps, at the layer of two rows.
LAYERS = [bare_gemm(m, 3, 3) for m in (3, 2, 4)]


class Listener:
    def __init__(self):
        self.heard = []

    def turn(self, name, progress):
        self.heard.append(progress)

    def row_done(self, row):
        self.heard.append(row.case.split("/kernel@")[0])

    def note(self, text):
        self.heard.append(text)


def cases(*kernels):
    return [Case(kernel, layer, "kernel", 1) for layer in LAYERS for kernel in kernels]


def plan(*kernels, **options):
    return Plan(cases(*kernels), "here", PLATFORM, BRIEF, seed=5, **options)


def measure(path, *kernels):
    listener = Listener()
    return campaign.measure(plan(*kernels), path, listener), listener.heard


@pytest.fixture
def _fake_worker(monkeypatch, fake_contenders):
    monkeypatch.setenv("PYTHONPATH", fake_contenders)


@pytest.mark.usefixtures("_fake_worker")
def test_what_is_returned_is_what_the_file_holds(tmp_path):
    run, heard = measure(tmp_path / "run.jsonl", "good", "wrong")
    saved = store.read(tmp_path / "run.jsonl")
    assert saved.header == run.header
    assert [(row.case, row.status) for row in saved.rows] == [(row.case, row.status) for row in run.rows]
    assert {row.case for row in run.rows} == {case.id for case in cases("good", "wrong")}
    assert all(row.timed if row.kernel == "good" else row.status is Status.FAILED for row in run.rows)
    assert [record.block for record in saved.noise] == [record.block for record in run.noise] != []
    shares = [share for share in heard if not isinstance(share, str)]
    assert shares == sorted(shares)
    assert len(heard) - len(shares) == 6


@pytest.mark.usefixtures("_fake_worker")
def test_the_header_tells_how_it_was_measured(tmp_path):
    header = measure(tmp_path / "run.jsonl", "good")[0].header
    assert (header.platform, header.seed, header.settings["rounds"]) == ("here", 5, BRIEF.rounds)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", header.created)
    assert header.machine["cpu"]
    assert {
        *("microarchitecture", "flags", "caches_bytes", "logical_cores", "physical_cores", "governor", "frequency_hz"),
        *("memory_bytes", "system_release", "virtualisation", "container", "pinned_core"),
    } <= set(header.machine)
    assert header.software["numba"]
    assert {"python", "blas", "threading_layer", "commit", "dirty", "environment"} <= set(header.software)


@pytest.mark.usefixtures("_fake_worker")
def test_a_killed_worker_costs_the_case_that_it_was_at(tmp_path):
    measure(tmp_path / "run.jsonl", "wrong", "good", "killer")
    rows = {row.case.split("/kernel@")[0]: row for row in store.read(tmp_path / "run.jsonl").rows}
    assert len(rows) == 9
    assert {rows[name].status for name in rows if name.startswith("wrong")} == {Status.FAILED}
    lost = rows.pop("killer/2x3x3")
    assert (lost.status, lost.reason) == (Status.ERROR, "the worker was ended by SIGKILL")
    assert all(row.timed for row in rows.values() if row.kernel != "wrong")


@pytest.mark.usefixtures("_fake_worker")
def test_a_kernel_that_never_ends_is_given_up(tmp_path):
    campaign.measure(plan("good", "sleeper", timeout_s=1.0), tmp_path / "run.jsonl", Listener())
    rows = {row.case.split("/kernel@")[0]: row for row in store.read(tmp_path / "run.jsonl").rows}
    lost = rows.pop("sleeper/2x3x3")
    assert (lost.status, lost.reason) == (Status.ERROR, "it did not end within 1 s; --timeout gives it longer")
    assert len(rows) == 5
    assert all(row.timed for row in rows.values())


@pytest.mark.usefixtures("_fake_worker")
def test_verify_survives_a_killed_worker_too():
    rows = list(campaign.verify(cases("good", "killer"), PLATFORM, 0, Listener()))
    assert [row.status for row in rows if row.kernel == "killer"] == [Status.PASSED, Status.ERROR, Status.PASSED]
    assert {row.status for row in rows if row.kernel == "good"} == {Status.PASSED}


def test_without_any_worker_there_is_no_file(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise ImportError('numpy is broken')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(UserError, match=r"no worker could be started: .*numpy is broken"):
        measure(tmp_path / "run.jsonl", "good")
    assert not (tmp_path / "run.jsonl").exists()


def a_folder(path):
    path.mkdir()
    return path


def an_existing_file(path):
    path.write_text("the work of days\n")
    return path


def below_a_file(path):
    path.write_text("a file")
    return path / "run.jsonl"


def a_full_disk(path):
    path.symlink_to("/dev/full")
    return path


@pytest.fixture
def _unmeasuring_worker(monkeypatch):
    """A worker that is ready, and of which no test may ask more."""

    def events(platform, request):
        yield said.Ready({}, {})
        raise AssertionError("it was measured")

    monkeypatch.setattr(launch, "events", events)


@pytest.mark.usefixtures("_unmeasuring_worker")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (a_folder, "cannot write the results to .*: Is a directory"),
        (an_existing_file, "exists and results are never overwritten"),
        (below_a_file, "cannot write the results to .*: (Not a directory|File exists)"),
        (a_full_disk, "cannot write to .*: No space left on device"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path, make, message):
    with pytest.raises(UserError, match=message):
        measure(make(tmp_path / "results"), "good")


@pytest.mark.usefixtures("_unmeasuring_worker")
def test_an_existing_file_is_left_alone(tmp_path):
    path = an_existing_file(tmp_path / "run.jsonl")
    with pytest.raises(UserError):
        measure(path, "good")
    assert path.read_text() == "the work of days\n"


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["PASSED", "SKIPPED"], Exit.FINE),
        (["MISTRUSTED"], Exit.FINE),
        (["MODELLED"], Exit.FINE),
        (["PASSED", "ERROR"], Exit.ERROR),
        (["ERROR", "FAILED", "PASSED"], Exit.WRONG_RESULT),
        (["SKIPPED"], Exit.NOTHING),
        ([], Exit.NOTHING),
    ],
)
def test_the_worst_row_decides_the_exit_code(statuses, code):
    rows = [unmeasured(case, Status(status)) for case, status in zip(cases("good"), statuses, strict=False)]
    assert exit_code(rows) is code


def test_an_estimate_grows_with_cases_samples_and_work():
    few, many = cases("good"), cases("good", "wrong")
    large = [Case("good", bare_gemm(4096, 4096, 4096), "kernel", 1)]
    starting = estimate_s(few * 2, STANDARD) - 2 * estimate_s(few, STANDARD)
    assert estimate_s(many, STANDARD) == pytest.approx(2 * estimate_s(few, STANDARD) + starting)
    assert starting < 0
    assert estimate_s(few, QUICK) < estimate_s(few, STANDARD) < estimate_s(few, RIGOROUS)
    assert estimate_s(large, STANDARD) > 5 * estimate_s(few, STANDARD)


def test_skipped_layers_take_no_time():
    layer = Layer(name="dw", kind="conv", in_channels=8, out_channels=8, height=5, width=5, kernel=3, groups=8)
    assert estimate_s([Case("good", layer, "kernel", 1)], STANDARD) == 0


def test_a_note_is_told_once_however_many_workers_say_it(tmp_path, monkeypatch):
    ready = said.Ready({}, {})
    row = said.Row(unmeasured(cases("good")[0], Status.PASSED))
    note = said.Note("no home")
    monkeypatch.setattr(launch, "events", lambda *_: (each for each in (ready, note, row, note)))
    listener = Listener()
    campaign.measure(plan("good"), tmp_path / "run.jsonl", listener)
    assert listener.heard[:2] == ["no home", "good/3x3x3"]
    assert listener.heard.count("no home") == 1


def test_a_worker_that_is_done_without_a_word_of_a_case_makes_it_an_error(monkeypatch):
    def events(platform, request):
        yield said.Ready({}, {})
        yield said.Done()

    monkeypatch.setattr(launch, "events", events)
    asked = plan("good")
    rows = list(campaign.verify(asked.cases, asked.platform, 0, Listener()))
    assert {(row.status, row.reason) for row in rows} == {
        ("ERROR", "the worker said that it was done, and nothing of this case")
    }
    assert len(rows) == len(asked.cases)
