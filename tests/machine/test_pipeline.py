"""A hypervisor's word for the CPU is not taken against its instruction sets."""

import pytest

from fatnn_bench.machine import pipeline


@pytest.mark.parametrize(
    ("told", "instruction_sets", "name"),
    [
        ("rocketlake", {"avx512f", "amx-tile", "amx-int8"}, "sapphirerapids"),
        ("rocketlake", {"avx512f", "amx-tile", "prefetchi"}, "graniterapids"),
        ("rocketlake", {"avx512f"}, "rocketlake"),
        ("znver5", {"avx512f", "prefetchi"}, "znver5"),
        ("cortex-a76", {"neon"}, "cortex-a76"),
    ],
)
def test_instruction_sets_tell_the_cpu(told, instruction_sets, name):
    assert pipeline.known_by(told, instruction_sets) == name


def test_this_machine_has_a_name():
    assert pipeline.here()
