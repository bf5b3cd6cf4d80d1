"""XNOR-Net: binary weights and activations (Rastegari et al., ECCV 2016, arXiv 1603.05279, equations 6 to 8).

    q = sgn(x) with sgn(0) = 1;   weights: ŵ = α q, α = mean|w| of the filter;   activations: x̂ = q

Backward ∂q/∂x = 1[|x| ≤ 1], straight through; α has its true gradient. The paper's map K of activation scales is left
out, as its successors do: batch norm does its work, and it would need a float convolution.
"""

from torch import Tensor

from fatnn_bench.accuracy.quantizers.common import Quantizer, straight_through


def sign(x: Tensor) -> Tensor:
    """sgn(x), 1 for 0; backward: 1[|x| ≤ 1]."""
    return straight_through((x >= 0).to(x.dtype) * 2 - 1, x.clamp(-1, 1))


class XNORWeight(Quantizer):
    """XNOR-Net's weights, a scale a filter (dimension 0)."""

    levels = (-1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return sign(x), x.abs().mean(dim=tuple(range(1, x.ndim)), keepdim=True)


class XNORActivation(Quantizer):
    """XNOR-Net's activations."""

    levels = (-1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return sign(x), x.new_ones(())
