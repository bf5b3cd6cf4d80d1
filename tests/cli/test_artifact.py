"""Bundles, what they claim, and what they are refused for."""

import zipfile

import pytest
from synthetic import make_row, make_run

from fatnn_bench import platforms
from fatnn_bench.artifact import bundle
from fatnn_bench.artifact.claims import Claim, Ruling, judge, of_runs, read
from fatnn_bench.errors import UserError
from fatnn_bench.records import store

CLAIM = "ternary-fatnn ≥ 1.8× two-bit on net, kernel, native"


def run_of(ternary_ms):
    rows = [("float32", 8.0), ("two-bit", 2.0), ("ternary-fatnn", ternary_ms)]
    return make_run(*(make_row(kernel, layer, ms) for layer in ("conv1", "fc") for kernel, ms in rows))


@pytest.mark.parametrize(
    ("ms", "ruling"), [(1.0, Ruling.PASS), (2.0 / 1.81, Ruling.UNSURE), (1.5, Ruling.FAIL), (None, Ruling.UNKNOWN)]
)
def test_a_claim_is_held_against_the_whole_network(ms, ruling):
    run = run_of(ms) if ms else make_run(make_row("float32", ms=1.0), make_row("two-bit", ms=1.0))
    (outcome,) = judge([Claim.parse(CLAIM)], [run])
    assert outcome.ruling is ruling


def test_claims_of_another_platform_are_unknown():
    (outcome,) = judge([Claim.parse(CLAIM.replace("native", "elsewhere"))], [run_of(1.0)])
    assert outcome.ruling is Ruling.UNKNOWN


def test_what_a_run_claims_it_passes():
    claims = list(of_runs([run_of(1.0)]))
    assert {(claim.kernel, claim.over) for claim in claims} == {
        ("two-bit", "best float32"),
        ("ternary-fatnn", "best float32"),
        ("ternary-fatnn", "two-bit"),
    }
    assert {outcome.ruling for outcome in judge(claims, [run_of(1.0)])} == {Ruling.PASS}


def test_a_claim_is_read_as_it_is_written(tmp_path):
    (tmp_path / "c.yaml").write_text(f"- {CLAIM}\n- binary >= 3 best float32 on vgg16, layer, board\n")
    first, second = read(tmp_path / "c.yaml")
    assert str(first) == CLAIM
    assert second == Claim("binary", 3.0, "best float32", "vgg16", "layer", "board")


def test_a_sentence_that_claims_nothing():
    with pytest.raises(UserError, match="'it is fast' is no claim; expected one such as"):
        Claim.parse("it is fast")


@pytest.fixture
def saved(tmp_path):
    run = run_of(1.0)
    with store.Writer(tmp_path / "r.jsonl") as writer:
        writer.begin(run.header)
        for row in run.rows:
            writer.write(row)
    return store.read(tmp_path / "r.jsonl")


def test_a_bundle_holds_all_there_is_and_is_the_same_each_time(saved, tmp_path):
    claims = [Claim.parse(CLAIM)]
    first = bundle.write([saved], claims, "native: {}\n", tmp_path / "a.zip")
    second = bundle.write([saved], claims, "native: {}\n", tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()
    held = bundle.read(first)
    assert held.claims == (claims[0],)
    assert held.runs[0].rows == saved.rows
    names = set(zipfile.ZipFile(first).namelist())
    assert {"results/0-native.jsonl", "report.html", "platforms.yaml", "requirements.txt", "README.txt"} <= names
    assert {"figures/0-speedup.svg", "figures/0-speedup.csv"} <= names


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil", "results/../../evil", "C:\\evil", "..\\evil"])
def test_names_that_climb_out_are_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(UserError, match="would be unpacked outside its folder"):
        bundle.read(tmp_path / "a.zip")


def test_links_are_refused(tmp_path):
    link = zipfile.ZipInfo("results/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UserError, match="is a link"):
        bundle.read(tmp_path / "a.zip")


@pytest.mark.parametrize("content", [b"", b"no zip"])
def test_what_is_no_zip(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UserError, match="name a zip of `fatnn-bench bundle`"):
        bundle.read(tmp_path / "a.zip")


def test_a_zip_without_results(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("hello.txt", "x")
    with pytest.raises(UserError, match="is no artifact"):
        bundle.read(tmp_path / "a.zip")


def test_bundle_then_reproduce_does_not_fail_here(shell, tmp_path):
    kernels = "float32,two-bit,ternary-fatnn,binary"
    options = ("--shapes", "resnet18", "--layer", "conv5_x", "--kernel", kernels, "--quick")
    assert shell("run", *options, "-o", "r.jsonl").returncode == 0
    (tmp_path / "c.yaml").write_text("- binary ≥ 1.1× best float32 on resnet18, kernel, native\n")
    assert shell("bundle", "r.jsonl", "--claims", "c.yaml", "-o", "a.zip").stdout == "a.zip\n"
    done = shell("reproduce", "a.zip")
    assert done.returncode == 0, done.stderr
    ruling, claim = done.stdout.split(maxsplit=1)
    assert ruling in ("PASS", "UNSURE")  # where others keep the machine busy
    assert claim.startswith("binary ≥ 1.1× best float32 on resnet18, kernel, native: ")
    assert (tmp_path / "reproduced" / "0-native.jsonl").exists()


def test_only_the_platforms_that_were_used_are_told_and_hosts_if_asked_for(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(
        "# a secret\nboard: {kind: ssh, host: me@secret, python: /home/me/python, threads: 2}\n"
        "other: {kind: dask, scheduler: 'tcp://secret:1'}\n"
    )
    assert platforms.text({"board", "gone"}, path) == "board: {kind: ssh, threads: 2}\n"
    asked = platforms.text({"board"}, path, with_hosts=True)
    assert "host: me@secret" in asked
    assert "other" not in asked
