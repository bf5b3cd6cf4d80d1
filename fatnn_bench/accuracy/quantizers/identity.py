"""No quantization: x̂ = x, the float32 that all others are compared with."""

from torch import Tensor

from fatnn_bench.accuracy.quantizers.common import Quantizer


class Identity(Quantizer):
    """Passes x on."""

    levels = None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x.new_ones(())
