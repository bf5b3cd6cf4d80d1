"""PACT, 2 bits, for activations (Choi et al., 2018, arXiv 1805.06085, equations 1 to 3). n = 2² − 1 = 3.

    y = clip(x, 0, α),   x̂ = R(y·n/α)·α/n     levels {0, 1, 2, 3}, scale α/n

Backward ∂x̂/∂y = 1, so ∂x̂/∂x = 1[0 ≤ x ≤ α] and ∂x̂/∂α = 1[x > α]: α learns from what it clips alone. The paper's
weights are DoReFa's.
"""

import torch
from torch import Tensor, nn

from fatnn_bench.accuracy.quantizers.common import Quantizer, straight_through

N = 3
#: Where α starts: three standard deviations of a batch-normalised activation.
START = 3.0


class PACT(Quantizer):
    """PACT's activations. α has weight decay, as in the paper: without it, it never shrinks."""

    levels = (0, 1, 2, 3)
    decays = True

    def __init__(self) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(START))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        alpha = self.alpha.detach()
        y = torch.minimum(x.clamp_min(0), self.alpha)
        scaled = y * (N / alpha)
        return straight_through(scaled.round(), scaled), alpha / N
