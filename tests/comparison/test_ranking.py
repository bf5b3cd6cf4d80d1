"""The best way of a precision: fastest on all layers together."""

import pytest
from synthetic import counted, make_row, make_run

from fatnn_bench.comparison import compare, ranking
from fatnn_bench.records.run import Status


def layer(name, count=1, network="net", **times_ms):
    return {
        kernel.replace("_", "-"): make_row(
            kernel.replace("_", "-"), name, ms, network=network, shape=counted(name, count)
        )
        for kernel, ms in times_ms.items()
    }


def test_the_least_time_of_the_whole_network_is_the_best_way():
    layers = [layer("a", 9, ternary_fatnn=1.0, ternary_lookup=1.1), layer("b", ternary_fatnn=5.0, ternary_lookup=0.1)]
    assert ranking.ranked(layers) == {"ternary": ["ternary-lookup", "ternary-fatnn"]}
    layers[1]["ternary-lookup"] = make_row("ternary-lookup", "b", 4.9)
    assert ranking.ranked(layers) == {"ternary": ["ternary-fatnn", "ternary-lookup"]}


@pytest.mark.parametrize("network", ["net", None])
def test_what_was_not_timed_on_a_layer_comes_behind_however_fast(network):
    layers = [layer(name, network=network, ternary_fatnn=1.0, ternary_lookup=0.01) for name in "ab"]
    layers[1]["ternary-lookup"] = make_row("ternary-lookup", "b", status=Status.SKIPPED)
    assert ranking.ranked(layers) == {"ternary": ["ternary-fatnn", "ternary-lookup"]}


def test_bare_products_are_ranked_by_the_mean_of_their_ratios():
    """No network has them, so the largest counts no more than the smallest."""
    layers = [
        layer("a", network=None, binary=1.0, binary_lookup=3.0),
        layer("b", network=None, binary=100.0, binary_lookup=90.0),
    ]
    assert ranking.ranked(layers) == {"binary": ["binary", "binary-lookup"]}


def test_a_layer_that_nothing_was_timed_on_leaves_the_mean():
    """As the table has it then: there is no total, and the mean is what is shown."""
    layers = [layer("a", binary=1.0, binary_lookup=3.0), layer("b", binary=100.0, binary_lookup=90.0)]
    assert ranking.ranked(layers)["binary"][0] == "binary-lookup"
    layers.append({kernel: make_row(kernel, "c", status=Status.SKIPPED) for kernel in ("binary", "binary-lookup")})
    assert ranking.ranked(layers)["binary"][0] == "binary"


def test_libraries_are_ranked_with_the_suites_own():
    assert ranking.ranked([{k: make_row(k, ms=ms) for k, ms in (("int8", 2.0), ("torch.int8", 1.0))}]) == {
        "int8": ["torch.int8", "int8"]
    }


def test_rows_of_the_best_way_in_each_scope():
    rows = [
        make_row(kernel, ms=ms, scope=scope)
        for scope, times in (("kernel", (1.0, 2.0)), ("layer", (2.0, 1.0)))
        for kernel, ms in zip(("ternary-fatnn", "ternary-lookup"), times, strict=True)
    ] + [make_row("mine", ms=9.0), make_row("theirs", ms=8.0)]
    assert [(row.kernel, row.scope) for row in ranking.best_ways(rows)] == [
        ("ternary-fatnn", "kernel"),
        ("ternary-lookup", "layer"),
        ("mine", "kernel"),
        ("theirs", "kernel"),
    ]


def test_tables_say_the_rank_that_their_own_totals_make():
    times = {"float32": 9.0, "ternary-naive": 3.0, "ternary-fatnn": 1.0, "ternary-lookup": 2.0}
    run = make_run(*(make_row(kernel, name, ms) for name in "ab" for kernel, ms in times.items()))
    for table, seconds in ((compare.speedups(run), "median_s"), (compare.totals(run), "total_s")):
        ternary = table[table["precision"] == "ternary"]
        assert list(ternary.sort_values(seconds)["rank"].unique()) == [1, 2, 3]
        assert set(table.loc[table["kernel"] == "float32", "rank"]) == {1}
