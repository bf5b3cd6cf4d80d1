"""The error bar is that of the CPU whose code is the most alike, and every file that ships can be read."""

import json
import math
from pathlib import Path

import pytest

from fatnn_bench.model import validated
from fatnn_bench.model.validated import Code, Known, code_of, known, nearest
from fatnn_kernels.target import describe

FILES = Path(validated.__file__).parent / "validations"
DOCS = Path(__file__).parents[2] / "docs" / "model.md"
AVX2 = Code("x86_64", 256, "carry-save", "vpshufb", "pairs")
AVX512 = Code("x86_64", 512, "words", "vpopcntd", "unsigned quads")
NEON = Code("aarch64", 128, "bytes", "cnt", "signed quads")


def cpu(name, code, factor=1.1):
    return Known(name, "native", "llvm-mca 22", code, factor)


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        (AVX2, "znver3", "znver4 as AVX2"),
        (AVX2, "haswell", "graniterapids as AVX2"),
        (AVX512, "znver5", "znver4"),
        (AVX512, "sapphirerapids", "graniterapids"),
    ],
)
def test_code_counts_more_than_names_and_names_more_than_nothing(monkeypatch, code, name, expected):
    monkeypatch.setattr("fatnn_bench.model.validated.code_of", lambda target: code)
    among = [
        cpu("graniterapids", AVX512),
        cpu("graniterapids as AVX2", AVX2),
        cpu("znver4", AVX512),
        cpu("znver4 as AVX2", AVX2),
    ]
    assert nearest(None, name, among).cpu == expected


def test_another_architecture_is_the_last_resort(monkeypatch):
    monkeypatch.setattr("fatnn_bench.model.validated.code_of", lambda target: NEON)
    almost = Code("x86_64", 128, "bytes", "cnt", "signed quads")
    assert nearest(None, "x", [cpu("x", almost), cpu("y", NEON)]).cpu == "y"
    assert nearest(None, "x", [cpu("x", almost), cpu("worst", AVX2, 1.5), cpu("y", AVX2)]).cpu == "worst"


def test_the_worst_prediction_of_each_platform_counts(tmp_path):
    checks = [("native", 110, 100), ("native", 100, 125), ("v3", 100, 100)]
    record = {
        "cpu": "zen",
        "model": "llvm-mca 22",
        "codes": {name: vars(AVX2) for name in ("native", "v3")},
        "checks": [
            dict(zip(("platform", "predicted_gmacs_per_s", "measured_gmacs_per_s"), c, strict=True)) for c in checks
        ],
    }
    (tmp_path / "zen.json").write_text(json.dumps(record))
    assert {one.platform: one.factor for one in known(tmp_path)} == {"native": pytest.approx(1.25), "v3": 1.0}


def test_code_is_what_llvm_selects():
    assert code_of(describe("x86_64-linux-gnu", "znver3", "")) == AVX2
    assert code_of(describe("aarch64-linux-gnu", "cortex-a76", "")) == NEON


def errors_by_kernel(file):
    """Of each platform and kernel: the geometric mean, least and largest of predicted over measured, less 1."""
    ratios = {}
    for check in json.loads(file.read_text())["checks"]:
        ratio = check["predicted_gmacs_per_s"] / check["measured_gmacs_per_s"]
        ratios.setdefault((check["platform"], check["kernel"]), []).append(ratio)
    return {
        key: (str(len(all_)), *(f"{r - 1:+.0%}" for r in (math.prod(all_) ** (1 / len(all_)), min(all_), max(all_))))
        for key, all_ in ratios.items()
    }


@pytest.mark.parametrize("file", sorted(FILES.glob("*.json")), ids=lambda file: file.stem)
def test_the_docs_have_the_table_of_each_cpu(file):
    section = DOCS.read_text().split(f"\n### {file.stem}\n")[1].split("\n#")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "%" in line]
    told = {(row[0], row[1]): tuple(row[2:]) for row in rows if len(row) == 6}
    assert told == errors_by_kernel(file)


def test_what_ships_can_be_read():
    assert all(one.factor >= 1 and one.model.startswith("llvm-mca ") for one in known())
    assert known()
