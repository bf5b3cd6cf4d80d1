"""The software of an accuracy run."""

from typing import Any

import torch

from fatnn_bench import machine


def software() -> dict[str, Any]:
    """What :func:`fatnn_bench.machine.software` tells, and PyTorch's version."""
    return {**machine.software(), "torch": torch.__version__}
