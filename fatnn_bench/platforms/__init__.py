"""The entries of ``platforms.yaml``: where a run may measure."""

from fatnn_bench.platforms.entries import (
    CpuPlatform,
    CudaPlatform,
    DaskPlatform,
    EmulatedPlatform,
    ImportedPlatform,
    ModelledPlatform,
    Platform,
    SshPlatform,
    load,
    parsed,
    select,
    shipped,
    text,
)

__all__ = [
    "CpuPlatform",
    "CudaPlatform",
    "DaskPlatform",
    "EmulatedPlatform",
    "ImportedPlatform",
    "ModelledPlatform",
    "Platform",
    "SshPlatform",
    "load",
    "parsed",
    "select",
    "shipped",
    "text",
]
