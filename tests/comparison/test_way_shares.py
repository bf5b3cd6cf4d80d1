"""Shares of the machine's limit, and ternary beside 2-bit, way by way."""

import pytest
from synthetic import counted, make_row, make_run

from fatnn_bench.comparison import way_shares
from fatnn_bench.errors import NothingComparableError
from fatnn_bench.records.run import Status

WAYS = {"ternary-fatnn": "popcount", "ternary-naive": "popcount", "ternary-lookup": "lookup", "ternary-tiles": "tiles"}
WAYS |= {"two-bit": "popcount", "two-bit-lookup": "lookup"}


def run(layers, **changes):
    """Rows of (ms, share of the limit) by layer and kernel; the second layer counts three times."""
    return make_run(
        *(
            make_row(kernel, layer, ms, shape=counted(layer, count), peak_fraction=share, way=WAYS[kernel], **changes)
            for count, (layer, kernels) in zip((1, 3), layers.items(), strict=False)
            for kernel, (ms, share) in kernels.items()
        )
    )


LAYERS = {
    "a": {"ternary-fatnn": (4.0, 0.9), "ternary-naive": (9.0, 0.9), "ternary-tiles": (2.0, 0.5), "two-bit": (8.0, 0.8)},
    "b": {"ternary-fatnn": (2.0, 0.8), "ternary-naive": (9.0, 0.9), "ternary-tiles": (8.0, 0.5), "two-bit": (4.0, 1.0)},
}


def shares(table):
    return table[table["what"] == way_shares.SHARE].set_index(["precision", "way"])


def gains(table):
    return table[table["what"] == way_shares.GAIN].set_index("way")


def test_the_limit_of_a_layer_is_that_of_its_fastest_way():
    """On a tiles could take 1 ms and popcounts 3.6; on b popcounts 1.6 and tiles 4: least 1 + 3·1.6 = 5.8 ms."""
    found = shares(way_shares.table(run(LAYERS)))
    assert found.loc[("ternary", "popcount"), "value"] == pytest.approx(5.8 / (4 + 3 * 2))
    assert found.loc[("ternary", "popcount"), "most"] == pytest.approx(5.8 / (3.6 + 3 * 1.6))
    assert found.loc[("ternary", "tiles"), "value"] == pytest.approx(5.8 / (2 + 3 * 8))
    assert found.loc[("ternary", "tiles"), "most"] == pytest.approx(5.8 / (1 + 3 * 4))
    assert found.loc[("two-bit", "popcount"), "value"] == pytest.approx((6.4 + 3 * 4) / (8 + 3 * 4))
    assert found.loc[("two-bit", "popcount"), "most"] == pytest.approx(1)


def test_a_way_is_its_best_kernel():
    assert shares(way_shares.table(run(LAYERS))).loc[("ternary", "popcount"), "kernel"] == "ternary-fatnn"


def test_ternary_is_compared_with_two_bit_of_the_same_way_and_the_best_with_the_best():
    layers = {"a": {"ternary-fatnn": (4.0, 0.9), "ternary-lookup": (6.0, 0.9), "ternary-tiles": (1.0, 0.5)}}
    layers["a"] |= {"two-bit": (8.0, 0.9), "two-bit-lookup": (7.2, 0.9)}
    found = gains(way_shares.table(run(layers)))
    assert found["value"].to_dict() == pytest.approx({"popcount": 2.0, "lookup": 1.2, way_shares.BEST: 7.2})
    assert tuple(found.loc[way_shares.BEST, ["kernel", "beside"]]) == ("ternary-tiles", "two-bit-lookup")
    assert (found["low"] < found["value"]).all()
    assert (found["value"] < found["high"]).all()


def test_the_best_of_each_in_one_way_is_told_once():
    layers = {"a": {"ternary-fatnn": (4.0, 0.9), "two-bit": (8.0, 0.9), "two-bit-lookup": (9.0, 0.9)}}
    assert list(gains(way_shares.table(run(layers))).index) == ["popcount"]


def test_doubt_is_told_of_every_way_that_has_any():
    table = way_shares.table(run(LAYERS, status=Status.MISTRUSTED, reason="the clock fell"))
    assert set(table["status"]) == {"MISTRUSTED"}


def test_an_older_file_has_one_way_a_precision():
    rows = [
        make_row(kernel, ms=ms) for kernel, ms in (("ternary-fatnn", 1.0), ("ternary-naive", 2.0), ("two-bit", 2.0))
    ]
    table = way_shares.table(make_run(*rows))
    assert list(shares(table)["kernel"]) == ["two-bit", "ternary-fatnn"]
    assert list(gains(table)["value"]) == pytest.approx([2.0])


def test_a_run_without_limits_has_no_shares():
    with pytest.raises(NothingComparableError, match="has no row with a time and its limit"):
        way_shares.table(make_run(make_row("binary", ms=1.0, peak_fraction=None)))
