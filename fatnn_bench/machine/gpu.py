"""What a header says of the GPU, as nvidia-smi tells it; None is what it does not tell."""

import os
import subprocess
from typing import Any

#: Our names of nvidia-smi's fields, and whether they are numbers, with what turns them into our units.
_FIELDS: dict[str, tuple[str, float | None]] = {
    "name": ("name", None),
    "compute_capability": ("compute_cap", None),
    "driver": ("driver_version", None),
    "memory_bytes": ("memory.total", 2.0**20),
    "ecc": ("ecc.mode.current", None),
    "mig": ("mig.mode.current", None),
    "power_limit_w": ("power.limit", 1.0),
    "temperature_c": ("temperature.gpu", 1.0),
    "frequency_hz": ("clocks.sm", 1e6),
    "max_frequency_hz": ("clocks.max.sm", 1e6),
    "memory_frequency_hz": ("clocks.mem", 1e6),
}


def describe() -> dict[str, Any]:
    """Return name, driver, memory and clocks now of the GPU that this process sees first."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    query = ",".join(field for field, _ in _FIELDS.values())
    command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader,nounits", f"--id={visible}"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        told = ""
    return parsed(told)


def parsed(line: str) -> dict[str, Any]:
    """Return the facts of a line of nvidia-smi's CSV."""
    values = [value.strip() for value in line.strip().split(",")]
    if len(values) != len(_FIELDS):
        return dict.fromkeys(_FIELDS)
    return {name: _fact(value, unit) for (name, (_, unit)), value in zip(_FIELDS.items(), values, strict=True)}


def _fact(value: str, unit: float | None) -> str | int | None:
    if value.startswith("[") or value in ("N/A", ""):  # "[N/A]", "[Not Supported]"
        return None
    if unit is None:
        return value
    try:
        return round(float(value) * unit)
    except ValueError:
        return None
