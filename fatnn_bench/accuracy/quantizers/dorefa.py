"""DoReFa-Net, 2 bits (Zhou et al., 2016, arXiv 1606.06160, equations 5, 9 and 11). n = 2² − 1 = 3.

    weights:      ŵ = 2 R(n (tanh w / (2 max|tanh w|) + 1/2))/n − 1     levels {−3, −1, 1, 3}, scale 1/n
    activations:  x̂ = R(n clip(x, 0, 1))/n                              levels {0, 1, 2, 3},   scale 1/n

R is the identity backward.
"""

from torch import Tensor

from fatnn_bench.accuracy.quantizers.common import Quantizer, rounded

N = 3


class DoReFaWeight(Quantizer):
    """DoReFa's weights."""

    levels = (-3, -1, 1, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        squashed = x.tanh()
        unit = squashed / (2 * squashed.abs().max()) + 0.5
        return 2 * rounded(N * unit) - N, x.new_tensor(1 / N)


class DoReFaActivation(Quantizer):
    """DoReFa's activations."""

    levels = (0, 1, 2, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return rounded(N * x.clamp(0, 1)), x.new_tensor(1 / N)
