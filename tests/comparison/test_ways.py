"""Where the best way of all layers is not the best of one."""

import numpy as np
from synthetic import make_row, make_run

from fatnn_bench.comparison import compare, ways
from fatnn_bench.comparison.places import Group
from fatnn_bench.records.run import Status

NET = Group(None, "net", "kernel", 1)


def run(fc_ms, **changes):
    """Tiles are the best way of ternary, but for what ``fc_ms`` says of the popcounts on fc; measured in turns."""
    times = {"conv1": {"float32": 99.0, "ternary-tiles": 10.0, "ternary-fatnn": 20.0}}
    times["fc"] = {"float32": 2.0, "ternary-tiles": 1.0, "ternary-fatnn": fc_ms}
    rng = np.random.default_rng(7)
    return make_run(
        *(
            make_row(kernel, layer, ms, block="b", samples_s=(ms * 1e-3 * rng.normal(1, 0.02, 21)).tolist(), **changes)
            for layer, kernels in times.items()
            for kernel, ms in kernels.items()
        )
    )


def test_another_way_that_is_clearly_faster_on_a_layer_is_named_with_its_gain():
    (found,) = ways.exceptions(compare.of(run(0.1)))[NET]
    assert (found.precision, found.best, found.kernel) == ("ternary", "ternary-tiles", "ternary-fatnn")
    assert list(found.gains) == ["fc"]
    assert found.gains["fc"].low < 10 < found.gains["fc"].high
    assert str(found).startswith("ternary-fatnn is faster than ternary-tiles on fc 10.0× [")


def test_a_difference_that_nobody_wants_a_second_kernel_for_is_not_told():
    assert ways.exceptions(compare.of(run(0.95))) == {}


def test_mistrusted_times_tell_only_of_large_differences():
    doubt = {"status": Status.MISTRUSTED, "reason": "the clock fell"}
    assert ways.exceptions(compare.of(run(0.7, **doubt))) == {}
    assert ways.exceptions(compare.of(run(0.1, **doubt)))[NET]


def test_of_many_layers_the_largest_are_named_and_the_others_counted():
    gains = {f"conv{i}": ways.Gain(1.0 + i, 1.0, 9.0) for i in range(1, 8)}
    text = str(ways.Exceptions("ternary", "ternary-tiles", "ternary-fatnn", gains))
    assert text.index("conv7 8.00×") < text.index("conv4 5.00×") < text.index("3 more")
    assert "conv3" not in text
