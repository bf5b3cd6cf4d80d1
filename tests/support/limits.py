"""A machine's limits and a hot loop made by hand, for tests of what reads them."""

from fatnn_bench.limits.measured import Bandwidth, Limits, ProductLimit

#: As a platform answers when it is asked for the hot loop of a case.
LOOP = {
    "target": "znver4 (x86_64)",
    "codegen": {"tile": "1x2", "spills": 1},
    "words": 2,
    "macs": 512,
    "bytes_loaded": 64,
    "instructions": ["vpand\t(%rax), %ymm1, %ymm0", "vmovups\t%ymm6, 8(%rsp)   # 32-byte Spill", "jne\t.LBB0_3"],
}
MACHINE = {"cpu": "Test & Co 9000", "microarchitecture": "zen4"}


def make_limits(machine=MACHINE, spread=0.01):
    products = (
        ProductLimit("float32", "6x4", 50.0, 50 * (1 - spread), 50 * (1 + spread)),
        ProductLimit("binary", "6x4", 1200.0, 1194.0, 1206.0),
    )
    rates = {"L1": (16384, 300.0), "memory": (1 << 27, 20.0)}
    bandwidths = tuple(Bandwidth(level, size, rate, rate * 0.99, rate * 1.01) for level, (size, rate) in rates.items())
    return Limits(
        created="2026-03-01T12:00:00+00:00",
        platform="native",
        machine=machine,
        products=products,
        bandwidths=bandwidths,
    )
