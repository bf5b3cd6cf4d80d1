"""pytest-benchmark's table of ``tests/benchmarks`` against the suite's own numbers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fatnn_bench.records import store

CHECKOUT = Path(__file__).parents[2]
#: What separates the two is who else had the core, and Python's part; a row of several calls is off by their number.
FACTOR = 3
TWO_KERNELS = "conv3_x and (binary or int8) and not (ternary or lookup or tiles)"


@pytest.mark.alone
def test_a_row_is_one_call_as_the_suite_times_it(tmp_path, shell, environ):
    command = [sys.executable, "-m", "pytest", "tests/benchmarks", "-k", TWO_KERNELS]
    options = ["--benchmark-only", f"--benchmark-json={tmp_path / 'table.json'}"]
    done = subprocess.run([*command, *options], cwd=CHECKOUT, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "benchmark 'conv3_x, 784×128×1152': 2 tests" in done.stdout
    shell("run", "--shapes", "784x128x1152", "--kernel", "binary,int8", "-o", "run.jsonl")
    rows = {row.kernel: row for row in store.read(tmp_path / "run.jsonl").rows}
    table = {row["params"]["name"]: row for row in json.loads((tmp_path / "table.json").read_text())["benchmarks"]}
    assert set(table) == set(rows) == {"binary", "int8"}
    for kernel, row in table.items():
        assert 1 / FACTOR < row["stats"]["min"] / rows[kernel].min_s < FACTOR
        rate = rows[kernel].macs / row["stats"]["median"] / 1e9
        assert row["extra_info"]["gmacs_per_s"] == pytest.approx(rate)
        assert f"\n{kernel}, {rate:.0f} GMAC/s " in done.stdout
