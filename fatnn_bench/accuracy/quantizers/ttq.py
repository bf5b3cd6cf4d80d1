"""Trained ternary quantization (Zhu et al., ICLR 2017, arXiv 1612.01064). For weights; activations stay float32.

    Δ = 0.05 max|w|,   ŵ = Wp where w > Δ,  −Wn where w < −Δ,  0 between

    ∂ŵ/∂w = Wp, Wn and 1 there;   ∂L/∂Wp = g Σ ∂L/∂ŵ over w > Δ,   ∂L/∂Wn = −g Σ ∂L/∂ŵ over w < −Δ

Wp and Wn are one pair a layer. g is 1 in the paper; here it is 1/(number of terms), the mean instead of the sum: with
the learning rate of the weights, the sum over thousands of them throws Wp and Wn about until their signs turn.

Two scales in one filter are no integer levels times a scale: what comes out is ŵ itself, and a ternary inner product
cannot compute it.
"""

import torch
from torch import Tensor, nn

from fatnn_bench.accuracy.quantizers.common import Quantizer, with_gradient_scaled

THRESHOLD = 0.05


class TTQ(Quantizer):
    """TTQ's weights. Wp and Wn start at the mean |w| of their sides of the first batch's weights."""

    levels = None
    started: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.positive = nn.Parameter(torch.ones(()))  # Wp
        self.negative = nn.Parameter(torch.ones(()))  # Wn
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        delta = THRESHOLD * x.detach().abs().max()
        above, below = x > delta, x < -delta
        if self.training and not self.started:
            self._start(x.detach(), above, below)
        positive, negative = (
            with_gradient_scaled(scale, 1 / side.sum().clamp_min(1))
            for scale, side in ((self.positive, above), (self.negative, below))
        )
        value = positive * above - negative * below
        slope = torch.where(above, self.positive, torch.where(below, self.negative, 1.0)).detach()
        latent = slope * x
        return value + (latent - latent.detach()), x.new_ones(())

    def _start(self, x: Tensor, above: Tensor, below: Tensor) -> None:
        with torch.no_grad():
            for parameter, side in ((self.positive, above), (self.negative, below)):
                parameter.copy_((x.abs() * side).sum() / side.sum().clamp_min(1))
            self.started.fill_(True)
