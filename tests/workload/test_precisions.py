import doctest
from dataclasses import replace

import pytest

from fatnn_bench.contenders.catalog import SCOPES, contenders
from fatnn_bench.plugins.protocol import DOMAINS
from fatnn_bench.records.run import Status, unmeasured
from fatnn_bench.workload import precisions
from fatnn_bench.workload.cases import Case
from fatnn_bench.workload.layers import bare_gemm

NAMES = [one.name for one in precisions.PRECISIONS]


def test_examples_of_the_docstrings():
    assert doctest.testmod(precisions).failed == 0


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_every_kernel_has_a_precision_that_there_is_and_its_name_says_the_same(scope, kind):
    for contender in contenders(scope, kind).values():
        assert contender.precision in NAMES
        assert precisions.named(contender.name) in (contender.precision, None)


def test_plugins_choose_among_the_same():
    assert set(DOMAINS) <= set(NAMES)


def test_a_row_that_says_its_precision_is_believed():
    row = unmeasured(Case("ggml.tq2_0", bare_gemm(1, 1, 1), "kernel", 1), Status.SKIPPED)
    assert precisions.of(row) is None
    assert precisions.of(replace(row, precision="ternary-int8")) == "ternary-int8"


def test_the_order_is_total():
    assert sorted([*reversed(NAMES), "strange"], key=precisions.place) == [*NAMES, "strange"]
