import pytest

from fatnn_bench.hotloop.instructions import kind


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("vpopcntd\t%zmm1, %zmm1", "popcount"),
        ("cnt\tv0.16b, v0.16b", "popcount"),
        ("vpdpbusd\t%zmm1, %zmm2, %zmm3", "multiply-add"),
        ("{vex}\tvpdpbusd", "other"),
        ("vfmadd231ps\t(%rax), %ymm1, %ymm2", "multiply-add"),
        ("vpmaddwd\t%ymm1, %ymm2, %ymm3", "multiply-add"),
        ("sdot\tv0.4s, v1.16b, v2.16b", "multiply-add"),
        ("vpternlogq\t$150, %zmm1, %zmm2, %zmm3", "gate"),
        ("eor\tv0.16b, v1.16b, v2.16b", "gate"),
        ("vpandn\t%ymm1, %ymm2, %ymm3", "gate"),
        ("vpshufb\t%ymm1, %ymm2, %ymm3", "shuffle"),
        ("vpaddd\t%ymm1, %ymm2, %ymm3", "add"),
        ("uadalp\tv0.8h, v1.16b", "add"),
        ("vpsadbw\t%ymm1, %ymm2, %ymm3", "add"),
        ("vpsrlw\t$4, %ymm5, %ymm3", "shift"),
        ("vpbroadcastd\t4(%rax), %ymm12", "load, broadcast"),
        ("vmovdqu\t(%r14,%rdi,8), %ymm3", "load, broadcast"),
        ("ld1r\t{v0.4s}, [x0]", "load, broadcast"),
        ("vmovdqa\t%ymm12, %ymm7  # (a copy)", "move"),
        ("cmpq\t%r13, %r9", "jump, compare"),
        ("jl\t.LBB0_27", "jump, compare"),
        ("b.lt\t.LBB0_2", "jump, compare"),
        ("vmovups\t%ymm6, 368(%rsp)                # 32-byte Spill", "spill"),
        ("vpaddb\t336(%rsp), %ymm0, %ymm0         # 32-byte Folded Reload", "spill"),
        ("nop", "other"),
    ],
)
def test_kinds(line, expected):
    assert kind(line) == expected
