"""FATNN's ternary quantizer: two learned step sizes, one a side, and plain integer levels.

Full range, {−1, 0, 1}, for weights and for activations without a ReLU before:

    q = R(clip(|α₀| x, −1, 0)) + R(clip(|α₁| x, 0, 1)),     thresholds −0.5/|α₀| and 0.5/|α₁|

Half range, {0, 1, 2}, for activations after a ReLU:

    q = R(clip(|α₀| x, 0, 1)) + R(clip(|α₁| (x − 1/|α₀|), 0, 1)),     thresholds 0.5/|α₀| and 1/|α₀| + 0.5/|α₁|

R is round-half-even and the identity backward; a clip passes the gradient inside its range, ends included. So, for the
full range, ∂q/∂x = |α₀|·1[−1 ≤ |α₀|x ≤ 0] + |α₁|·1[0 ≤ |α₁|x ≤ 1] and ∂q/∂αᵢ = sgn(αᵢ)·x·1[in range i].

No scale is kept: the batch norm behind it absorbs one. (Chen, Zhuang, Shen, "FATNN: Fast and Accurate Ternary Neural
Networks", ICCV 2021.)
"""

import torch
from torch import Tensor, nn

from fatnn_bench.accuracy.quantizers.common import Quantizer, rounded, with_gradient_scaled

#: Where αᵢ starts: a threshold at 1, one standard deviation of a normalised weight or a batch-normalised activation.
START = 0.5
#: Share of the newest batch in the running closed-form scale, as in batch norm.
MOMENTUM = 0.1


class FATNN(Quantizer):
    """FATNN's quantizer.

    Parameters
    ----------
    half_range
        Levels {0, 1, 2} instead of {−1, 0, 1}.
    channels
        A pair α a channel of dimension 0 (the filters of a weight); None for one pair for all.
    normalise
        First x ← (x − mean)/std, of the filter where α is the filter's, else of all; mean and std are constants
        backward, std is the unbiased one. For weights.
    gradient_scale
        Multiply the gradient of each clip by √(numel/passed), so that the few values inside weigh as much as all.
    closed_form_scale
        x̂ = q·⟨x, q⟩/⟨q, q⟩, the least-squares scale: the batch's in training, its running mean afterwards.
    """

    scale: Tensor  #: the running closed-form scale

    def __init__(
        self,
        *,
        half_range: bool = False,
        channels: int | None = None,
        normalise: bool = False,
        gradient_scale: bool = False,
        closed_form_scale: bool = False,
    ) -> None:
        super().__init__()
        self.levels = (0, 1, 2) if half_range else (-1, 0, 1)
        self.half_range, self.per_channel = half_range, channels is not None
        self.normalise, self.gradient_scale, self.closed_form_scale = normalise, gradient_scale, closed_form_scale
        self.alpha = nn.Parameter(torch.full((2, channels) if channels else (2,), START))
        self.register_buffer("scale", torch.ones(()))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.normalise:
            x = self._normalised(x)
        a0, a1 = (a.reshape(-1, *[1] * (x.ndim - 1)) if self.per_channel else a for a in self.alpha.abs())
        if self.half_range:
            q = rounded(self._clip(a0 * x, 0, 1)) + rounded(self._clip(a1 * (x - 1 / a0), 0, 1))
        else:
            q = rounded(self._clip(a0 * x, -1, 0)) + rounded(self._clip(a1 * x, 0, 1))
        return q, self._scale(x.detach(), q.detach())

    def _normalised(self, x: Tensor) -> Tensor:
        over = tuple(range(1, x.ndim)) if self.per_channel else tuple(range(x.ndim))
        std, mean = torch.std_mean(x.detach(), dim=over, keepdim=True)
        return (x - mean) / std

    def _clip(self, x: Tensor, low: int, high: int) -> Tensor:
        clipped = x.clamp(low, high)
        if not self.gradient_scale:
            return clipped
        passed = ((x >= low) & (x <= high)).sum().clamp_min(1)
        return with_gradient_scaled(clipped, (x.numel() / passed).sqrt())

    def _scale(self, x: Tensor, q: Tensor) -> Tensor:
        if self.closed_form_scale and self.training and q.any():
            now = (x * q).sum() / (q * q).sum()
            self.scale.lerp_(now, MOMENTUM)
            return now
        return self.scale
