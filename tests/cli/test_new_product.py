"""A new product is one file and one line: what registers it is all that is told, and it runs, is compared and drawn."""

import io
import os
from pathlib import Path

import pandas as pd
import pytest

from fatnn_bench.records import store

PRODUCTS = Path(__file__).parents[1] / "kernels"
REGISTER = """
import fatnn_kernels
from ternary_int8 import TERNARY_INT8
from ternary_planes import TERNARY_PLANES

fatnn_kernels.PRODUCTS |= {product.name: product for product in (TERNARY_PLANES, TERNARY_INT8)}
"""
IN_ORDER = ("float32", "ternary-fatnn", "ternary-planes", "ternary-int8")


@pytest.fixture
def commands(shell, environ, tmp_path):
    """The program of a checkout in which both products are registered."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(REGISTER)
    path = os.pathsep.join(map(str, (tmp_path / "site", PRODUCTS, environ["PYTHONPATH"])))

    def run(*arguments):
        done = shell(*arguments, PYTHONPATH=path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_it_runs_and_is_compared_drawn_and_reported_in_its_place(commands, tmp_path):
    saved, figure, page = (tmp_path / name for name in ("run.jsonl", "figure.svg", "page.html"))
    commands("run", "--quick", "--shapes", "7x20x100", "--kernel", ",".join(reversed(IN_ORDER)), "-o", saved)
    rows = {row.kernel: row for row in store.read(saved).rows}
    assert all(row.timed for row in rows.values())
    assert (rows["ternary-planes"].precision, rows["ternary-planes"].way) == ("ternary", "popcount")
    assert (rows["ternary-int8"].precision, rows["ternary-int8"].way) == ("ternary-int8", "dot")

    compared = pd.read_csv(io.StringIO(commands("compare", saved, "--format", "csv"))).set_index("kernel")
    assert compared["speedup"].notna().all()
    assert compared["precision"].to_dict() == {name: row.precision for name, row in rows.items()}
    commands("plot", saved, "--baseline", "float32", "--ways", "-o", figure)
    commands("report", saved, "-o", page)
    legend, choice = figure.read_text(), page.read_text().partition('id="filter-kernel"')[2]
    for text, shown in ((legend, IN_ORDER[1:]), (choice, IN_ORDER)):
        places = [text.index(f">{kernel}<") for kernel in shown]
        assert places == sorted(places)
