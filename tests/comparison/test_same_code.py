from dataclasses import replace

import pytest
from synthetic import make_row, make_run

from fatnn_bench.comparison.compare_runs import ratios, same_code_notice
from fatnn_bench.comparison.same_code import shared_loops

LOOP, OTHER = {"hot_loop": "0123456789"}, {"hot_loop": "abcdef0123"}


def notice(before, after):
    runs = [make_run(row, platform=name) for row, name in ((before, "before"), (after, "after"))]
    return same_code_notice(ratios(runs))


def test_a_difference_without_a_change_of_code_is_said():
    found = notice(make_row("binary", ms=1.0, codegen=LOOP), make_row("binary", ms=2.0, codegen=LOOP))
    assert found.startswith("same code: binary/net.conv1/kernel@1 differ in time")


def test_nothing_is_said_of_other_code_of_unknown_code_or_of_no_difference():
    slow = make_row("binary", ms=2.0, codegen=LOOP)
    assert notice(make_row("binary", ms=1.0, codegen=OTHER), slow) == ""
    assert notice(make_row("binary", ms=1.0), make_row("binary", ms=2.0)) == ""
    assert notice(slow, slow) == ""


def test_kernels_of_a_run_with_one_loop_are_named_once():
    rows = [make_row(name, layer, ms=1.0, codegen=LOOP) for layer in ("a", "b") for name in ("one", "two")]
    (sentence,) = shared_loops([*rows, make_row("three", "a", ms=1.0, codegen=OTHER), make_row("four", ms=1.0)])
    assert sentence.startswith("one and two compile to the same hot loop on 2 layers")


@pytest.mark.parametrize("way", ["tiles", "lookup"])
def test_kernels_by_tiles_and_tables_differ_beside_their_loop(way):
    rows = [replace(make_row(f"{name}-{way}", ms=1.0, codegen=LOOP), way=way) for name in ("binary", "ternary")]
    assert list(shared_loops(rows)) == []
