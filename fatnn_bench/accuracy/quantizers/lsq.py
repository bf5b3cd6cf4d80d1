"""LSQ: a learned step size (Esser et al., ICLR 2020, arXiv 1902.08153, equations 1 to 3).

    x̂ = R(clip(x/s, low, high))·s

    ∂x̂/∂x = 1[low ≤ x/s ≤ high],   ∂x̂/∂s = g·(R(x/s) − x/s inside, low or high outside),   g = 1/√(N·high)

N is the number of weights, or of features of one image. s starts at 2 mean|x|/√high of the first batch. |s| stands for
s, so that a step too far does not turn the sign.
"""

import math

import torch
from torch import Tensor, nn

from fatnn_bench.accuracy.quantizers.common import Quantizer, rounded, with_gradient_scaled


class LSQ(Quantizer):
    """LSQ's quantizer.

    Parameters
    ----------
    low, high
        The least and the largest level: −2, 1 for 2-bit weights, 0, 3 for 2-bit activations, −1, 1 and 0, 2 for
        ternary ones.
    """

    started: Tensor

    def __init__(self, low: int, high: int) -> None:
        super().__init__()
        self.levels = tuple(range(low, high + 1))
        self.low, self.high = low, high
        self.step = nn.Parameter(torch.ones(()))
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.training and not self.started:
            self._start(x.detach())
        features = x.numel() if self.low < 0 else x[0].numel()
        s = with_gradient_scaled(self.step.abs(), 1 / math.sqrt(features * self.high))
        return rounded((x / s).clamp(self.low, self.high)), s

    def _start(self, x: Tensor) -> None:
        with torch.no_grad():
            self.step.fill_((2 * x.abs().mean() / math.sqrt(self.high)).clamp_min(torch.finfo(x.dtype).eps))
            self.started.fill_(True)
