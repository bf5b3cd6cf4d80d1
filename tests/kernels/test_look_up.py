"""Tables, sums that nearly overflow, and the instruction that looks up."""

import itertools
import re

import numpy as np
import pytest
from oracle import BY_ENTRIES, LOOK_UPS, assert_product
from test_target import ARM, RISCV, RISCV_FEATURES, X86, assembly, innermost_loops, tile_for

from fatnn_kernels import PRODUCTS, gemm
from fatnn_kernels.catalogue import products
from fatnn_kernels.obstacle import missing
from fatnn_kernels.target import describe

NAMES = sorted({product.name for product in LOOK_UPS})
#: What a pair of values adds to an entry.
WORTH = {
    "ternary": lambda x, y: 1 - x * y,
    "ternary-binary": lambda x, y: 1 - x * y,
    "binary": lambda x, y: int(x != y),
    "two-bit": lambda x, y: x * y,
}


def codes(code, bits, group):
    """Every choice of so many values, and its code: the fields of the values side by side."""
    for values in itertools.product(code.levels, repeat=group):
        fields = (int(code.fields(np.array(value))) << i * bits for i, value in enumerate(values))
        yield sum(fields), values


@pytest.mark.parametrize("product", LOOK_UPS, ids=lambda product: f"{product.name} {product.step.table.entries.shape}")
def test_an_entry_sums_what_its_pairs_are_worth(product):
    table, group = product.step.table, product.y.codec.group
    x, y, worth = product.x.codec, product.y.codec.fields, WORTH[product.precision]
    for (row, a), (column, b) in itertools.product(codes(x, x.bits, group), codes(y, y.bits, group)):
        assert table.entries[row, column] == sum(map(worth, a, b))
    assert table.entries[0, 0] == 0  # what fills a word up


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("k", [63, 64, 65, 257, 7000, 7400, 33_000, 66_000])
def test_the_largest_sums_overflow_nothing(name, k):
    product = PRODUCTS[name]
    x = np.full((2, k), product.x.domain.high, np.float32)
    y = np.full((3, k), product.y.domain.low if product.y.domain.low < 0 else product.y.domain.high, np.float32)
    assert_product(product, gemm(product, x, y), x, y)


@pytest.mark.parametrize(
    ("triple", "cpu", "entries", "shuffle"),
    [
        (X86, "x86-64-v2", 16, r"pshufb"),
        (X86, "x86-64-v3", 16, r"vpshufb.*%ymm"),
        (X86, "znver3", 16, r"vpshufb.*%ymm"),
        (X86, "skylake-avx512", 16, r"vpshufb.*%zmm"),
        (X86, "icelake-server", 64, r"vpermb.*%zmm"),
        (X86, "znver4", 64, r"vpermb.*%zmm"),
        (ARM, "cortex-a72", 16, r"tbl\s+v"),
    ],
)
@pytest.mark.parametrize("name", ["ternary-lookup", "two-bit-lookup", "binary-lookup"])
def test_a_step_is_a_shuffle_and_an_addition_for_each_code(triple, cpu, entries, shuffle, name):
    """Nothing else in the loop computes vectors, but copies where an instruction overwrites its operand."""
    target = describe(triple, cpu, "")
    assert target.table_entries == entries
    tile = tile_for(target, name)
    loop = max(innermost_loops(assembly(target, tile)), key=len)
    shuffles = len(re.findall(rf"^\s+{shuffle}", loop, re.MULTILINE))
    adds = len(re.findall(r"^\s+(?:v?paddb|add\s+v\d+\.16b)", loop, re.MULTILINE))
    cells = tile.rows * tile.vectors // 4 * tile.product.step.table.codes
    assert shuffles == adds
    assert shuffles % cells == 0


@pytest.mark.parametrize("name", NAMES)
def test_without_a_shuffle_it_is_said_what_is_missing(name):
    for target in (describe(X86, "x86-64", ""), describe(RISCV, "generic-rv64", RISCV_FEATURES)):
        assert target.table_entries is None
        assert "no shuffle of bytes" in missing(products(target)[name], target)
    assert not missing(PRODUCTS["ternary-fatnn"], describe(X86, "x86-64", ""))


def test_products_of_other_tables_are_other_products():
    small, large = (BY_ENTRIES[entries]["ternary-lookup"] for entries in (16, 64))
    assert repr(small.step.table) != repr(large.step.table)
    assert small.values_per_step != large.values_per_step
