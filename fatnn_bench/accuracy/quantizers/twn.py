"""Ternary weight networks (Li, Liu, 2016, arXiv 1605.04711, equations 3 to 6). For weights; activations stay float32.

    Δ = 0.7 mean|w|,   q = sgn(w)·1[|w| > Δ],   ŵ = α q,   α = mean of |w| over |w| > Δ

Δ and α are the layer's. Backward ∂ŵ/∂w = 1.
"""

from torch import Tensor

from fatnn_bench.accuracy.quantizers.common import Quantizer, straight_through

THRESHOLD = 0.7


class TWN(Quantizer):
    """TWN's weights."""

    levels = (-1, 0, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        size = x.detach().abs()
        kept = size > THRESHOLD * size.mean()
        alpha = (size * kept).sum() / kept.sum()
        return straight_through(x.detach().sign() * kept, x / alpha), alpha
