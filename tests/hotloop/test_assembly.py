"""Assembly as LLVM prints it for three architectures, cut into blocks."""

import pytest

from fatnn_bench.hotloop.assembly import VectorType, blocks

X86 = """
	.text
tile:                                   # @tile
# %bb.0:                                # %entry
	xorl	%eax, %eax
	.p2align	4
.LBB0_1:                                # %loop.1
                                        # =>This Inner Loop Header: Depth=1
	addq	$4, %rax                        # imm = 0x4
	jl	.LBB0_1
# %bb.2:
	movq	%rax, %rcx
.LBB0_3:                                # %done
	retq
.Lfunc_end0:
	.size	tile, .Lfunc_end0-tile
"""
AARCH64 = """
tile:                                   // @tile
// %bb.0:                               // %entry
	mov	x8, #4
.LBB0_1:                                // %loop
                                        // =>This Inner Loop Header: Depth=1
	b.lt	.LBB0_1
"""
RISCV = """
tile:                                   # @tile
# %bb.0:                                # %entry
	addi	sp, sp, -96
	vsetivli	zero, 4, e32, mf2, ta, ma
	vmv.v.i	v14, 0
.LBB0_1:                                # %loop
	vadd.vv	v1, v1, v2
	vsetvli	a0, a1, e8, m1, ta, ma
	blt	a0, a1, .LBB0_1
# %bb.2:                                # %done
	ret
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (X86, {"entry": 1, "loop.1": 2, "": 1, "done": 1}),
        (AARCH64, {"entry": 1, "loop": 1}),
        (RISCV, {"entry": 3, "loop": 3, "done": 1}),
    ],
)
def test_blocks_have_their_names_and_instructions_only(text, expected):
    assert {block.name: len(block.instructions) for block in blocks(text)} == expected


def test_the_type_of_vectors_is_that_of_the_instruction_before():
    types = {block.name: block.vector_type for block in blocks(RISCV)}
    assert types["loop"] == VectorType("e32", "mf2")
    assert types["done"] == VectorType("e8", "m1")
    assert {block.vector_type for block in blocks(X86)} == {None}
