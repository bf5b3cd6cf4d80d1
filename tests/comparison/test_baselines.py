"""The baseline of each layer: chosen once for a network, lest luck choose it layer by layer."""

import numpy as np
import pytest
from synthetic import counted, make_row

from fatnn_bench.comparison import baselines, gain
from fatnn_bench.comparison.places import Place
from fatnn_bench.records import repeats
from fatnn_bench.records.run import Status


def row(kernel, layer, ms, count=1, **changes):
    """A row whose rounds scatter by 2%, in turns with the others of its layer."""
    rng = np.random.default_rng(sum(map(ord, kernel + layer)))
    samples = (ms * 1e-3 * np.exp(rng.normal(0, 0.02, 21))).tolist()
    return make_row(kernel, layer, ms=ms, samples_s=samples, block="b", shape=counted(layer, count), **changes)


def chosen(*rows, name=None):
    places = {}
    for each in rows:
        places.setdefault(Place(None, each.network, each.scope, 1, each.shape["name"]), {})[each.kernel] = each
    known = repeats.found(rows, ())
    found = baselines.of(places, name, gain.Known(known, known))
    return [base and base.kernel for base in found.values()]


def layers(*times_ms, **changes):
    """Rows of two float32 kernels on layers."""
    return [
        row(kernel, f"conv{i}", ms, **changes)
        for i, both in enumerate(times_ms)
        for kernel, ms in zip(("float32", "blas.float32"), both, strict=True)
    ]


def test_luck_on_a_layer_does_not_change_the_baseline():
    assert chosen(*layers((1.0, 1.02), (1.01, 1.0), (1.0, 1.03))) == ["float32"] * 3


def test_one_that_is_surely_faster_on_a_layer_is_the_baseline_there():
    assert chosen(*layers((1.0, 1.02), (1.0, 0.5), (4.0, 6.0))) == ["float32", "blas.float32", "float32"]


def test_layers_count_as_often_as_the_network_has_them():
    rare, often = layers((1.0, 1.01)), [row(k, "conv9", ms, 9) for k, ms in (("float32", 1.01), ("blas.float32", 1.0))]
    assert chosen(*rare, *often) == ["blas.float32"] * 2


def test_where_the_usual_one_has_no_time_the_fastest_is_the_baseline():
    few = [row("blas.float32", "conv7", 2.0), row("torch.float32", "conv7", 1.0), row("binary", "conv8", 1.0)]
    assert chosen(*layers((1.0, 2.0)), *few) == ["float32", "torch.float32", None]


def test_a_mistrusted_time_is_the_baseline_only_where_there_is_no_other():
    bad = {"status": Status.MISTRUSTED, "reason": "the clock fell"}
    alone, beside = row("float32", "conv0", 1.0, **bad), row("blas.float32", "conv0", 3.0)
    assert chosen(alone) == ["float32"]
    assert chosen(alone, beside) == ["blas.float32"]


@pytest.mark.parametrize(("name", "found"), [("blas.float32", "blas.float32"), ("binary", None)])
def test_a_kernel_that_was_asked_for_is_the_baseline_where_it_is_timed(name, found):
    assert chosen(*layers((1.0, 2.0)), name=name) == [found]
