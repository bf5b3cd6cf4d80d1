"""What the linear layers of engines have in common: float32 activations in, float32 sums out, weights packed before."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.contenders.problems import Problem
from fatnn_bench.workload.layers import Layer


def obstacle(layer: Layer) -> str:
    """Why an engine that has linear layers alone cannot run a layer; empty if it can."""
    return "a convolution: the engine has linear layers alone" if layer.kind == "conv" else ""


def activations(problem: Problem) -> NDArray[np.float32]:
    """The image as rows [M, K]."""
    return problem.x.reshape(problem.layer.m, problem.layer.k)


def weights(problem: Problem) -> NDArray[Any]:
    """[N, K]."""
    return problem.y.reshape(problem.layer.n, problem.layer.k)


def as_image(sums: NDArray[Any]) -> NDArray[Any]:
    """Sums [M, N] as :class:`Problem` has them."""
    return sums[:, None, None]
