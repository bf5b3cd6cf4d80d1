import pandas as pd
from synthetic import make_row

from fatnn_bench.comparison.kernels import Kernel, kernels_of_rows, kernels_of_table, names


def test_they_go_by_bits_then_ours_first_then_by_name():
    shuffled = ["zzz", "binary", "torch.int8", "ternary-naive", "ternary-fatnn", "int8", "blas.float32", "float32"]
    assert names(kernels_of_rows(map(make_row, [*shuffled, "int8"]))) == [
        "float32", "blas.float32", "int8", "torch.int8", "ternary-fatnn", "ternary-naive", "binary", "zzz",
    ]  # fmt: skip


def test_what_rows_say_counts_and_not_names():
    own = [make_row("binary"), make_row("clever", precision="two-bit", way="lookup")]
    rows = [*own, make_row("x.y", precision="int8")]
    said = [Kernel("x.y", "int8", None), Kernel("clever", "two-bit", "lookup"), Kernel("binary", "binary", None)]
    assert kernels_of_rows(rows) == said
    assert [kernel.library for kernel in said] == ["x", "", ""]
    table = pd.DataFrame([{"kernel": row.kernel, "precision": row.precision, "way": row.way} for row in rows[1:]])
    assert kernels_of_table(table) == said[:2]


def test_a_row_that_says_the_way_counts_before_an_older_one():
    older, newer = make_row("ternary-fatnn"), make_row("ternary-fatnn", precision="ternary", way="popcount")
    assert kernels_of_rows([older, newer, older]) == [Kernel("ternary-fatnn", "ternary", "popcount")]
