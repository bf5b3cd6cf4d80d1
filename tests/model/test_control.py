"""Blocks are counted as they run: what all of them compute together is the work there is."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fatnn_bench.model.control import block_counts
from fatnn_bench.model.tile_code import beyond, compile_tile, product_for
from fatnn_kernels import PRODUCTS
from fatnn_kernels.driver import choose_tile
from fatnn_kernels.target import describe

SUM_OF_PAIRS = """
; a loop over two items a turn, and one more where their number is odd
define i64 @f(ptr %x, i64 %items, i1 %again) {
entry:
  %odd = and i64 %items, 1
  %alone = icmp eq i64 %items, 1
  br i1 %alone, label %last, label %enter

enter:                                            ; preds = %entry
  %even = and i64 %items, 9223372036854775806
  br label %loop

loop:                                             ; preds = %loop, %enter
  %i = phi i64 [ 0, %enter ], [ %next.1, %loop ]
  %old = phi i64 [ 7, %enter ], [ %i, %loop ]
  %next.1 = add nuw nsw i64 %i, 2
  %done = icmp eq i64 %next.1, %even
  br i1 %done, label %leave, label %loop, !llvm.loop !0

leave:                                            ; preds = %loop
  %some = trunc i64 %old to i32
  %left.not = icmp eq i64 %odd, 0
  br i1 %left.not, label %end, label %last

last:                                             ; preds = %leave, %entry
  br label %end

end:                                              ; preds = %last, %leave
  ret i64 0
}
"""


@given(st.integers(1, 100))
def test_an_unrolled_loop_and_its_remainder(items):
    counts = block_counts(SUM_OF_PAIRS, {"items": items, "again": 0})
    assert 2 * counts["loop"] + counts["last"] == items
    assert counts["entry"] == counts["end"] == 1


@pytest.mark.parametrize(
    ("branch", "message"),
    [
        ("switch i64 %items, label %end [ i64 1, label %last ]", "cannot follow the branch 'switch i64"),
        ("br i1 %c, label %end, label %last", "cannot follow what decides on a branch: %c = fcmp"),
    ],
)
def test_refuses_what_it_cannot_follow(branch, message):
    text = f"""
define void @f(i64 %items, float %x) {{
entry:
  %c = fcmp olt float %x, 0.0
  {branch}

last:
  ret void

end:
  ret void
}}
"""
    with pytest.raises(ValueError, match=re.escape(message)):
        block_counts(text, {"items": 1})


#: What folds one vector into an accumulator, in LLVM's IR.
WORK = re.compile(r"call .*@llvm\.(?:ctpop|fma|fmuladd|x86\.avx512\.vpdpbusd|vector\.partial\.reduce|x86\.\w+\.pmadd)")
TARGETS = [
    ("x86_64-linux-gnu", "znver4"),
    ("aarch64-linux-gnu", "cortex-a53"),
    ("aarch64-linux-gnu", "cortex-a76"),
    ("riscv64-linux-gnu", "sifive-p670"),
]


def work_by_block(ir):
    found, block = Counter(), ""
    for line in ir.splitlines():
        label = re.match(r"([\w.$-]+):", line)
        block = label[1] if label else block
        found[block] += bool(WORK.search(line))
    return found


@pytest.mark.parametrize("cpu", TARGETS, ids=lambda cpu: cpu[1])
@pytest.mark.parametrize("name", ["float32", "two-bit", "ternary-fatnn", "binary"])
def test_all_work_of_a_tile_is_counted(cpu, name):
    target = describe(*cpu, "")
    product = product_for(name, target)
    tile = choose_tile(product, target, 784, 128, 1152)
    ir = compile_tile(tile, target).ir
    work = work_by_block(ir)
    a_word = tile.rows * tile.vectors * (sum(product.popcounts) or 1)
    for words in (1, 2, 3, 15, 16, 31, 32, 63, 64, 65):
        counts = block_counts(ir, {"words": words, "first": 1})
        assert sum(counts[block] * work[block] for block in work) == words * a_word


def test_every_product_is_followed():
    target = describe("x86_64-linux-gnu", "x86-64-v3", "")
    for name in (name for name, product in PRODUCTS.items() if not beyond(product)):
        compiled = compile_tile(choose_tile(product_for(name, target), target, 784, 128, 1152), target)
        few, many = (sum(block_counts(compiled.ir, {"words": n, "first": 1}).values()) for n in (8, 800))
        assert few < many < 2 * 800  # a look-up of two bits widens its sums after every three steps
