"""The layers networks are built of. In evaluation mode, each computes what another program can repeat to the bit.

float32 additions give other results in another order. So, in evaluation mode,

- a quantised convolution sums integers, which float32 holds exactly;
- the input convolution sums integer pixels times weights of few enough bits, which float64 holds exactly, and rounds
  the sum once;
- all else is a multiplication or an addition of two float32 numbers, which IEEE 754 defines.

The classifier is the exception: it sums in float64, so that only a tie could turn on the order.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from fatnn_bench.accuracy.quantizers.common import Quantizer
from fatnn_bench.accuracy.schemes import Scheme

#: Bits that float64 has for an exact sum, less those of an 8-bit pixel.
EXACT_BITS = 53 - 8


class InputConvolution(nn.Conv2d):
    """The first layer, in full precision, on pixels that are integers times a power of two."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return super().forward(x)
        weight = self.exact_weight().double()
        return functional.conv2d(x.double(), weight, None, self.stride, self.padding).float()

    def exact_weight(self) -> Tensor:
        """The weights on the finest grid on which any sum of products with pixels is exact in float64.

        For 3×3×3 weights the grid is 2⁻³⁹ of the largest: float32 weights down to 2⁻¹⁶ of it are unchanged.
        """
        terms = self.weight[0].numel()
        bits = EXACT_BITS - math.ceil(math.log2(terms)) - 1
        _, exponent = torch.frexp(self.weight.detach().abs().max())
        grid = torch.ldexp(torch.ones((), dtype=torch.float64), exponent - bits)
        return ((self.weight.detach().double() / grid).round() * grid).float()


class QuantisedConvolution(nn.Module):
    """A convolution of quantised activations with quantised weights: conv(levels, levels) · scales.

    The border is padded before it is quantised: it holds the level of 0, which for binary values is 1.
    """

    def __init__(self, scheme: Scheme, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")
        self.stride, self.padding = stride, kernel // 2
        self.quantise_weight: Quantizer = scheme.weight(outputs)
        self.quantise_input: Quantizer = scheme.activation()

    def forward(self, x: Tensor) -> Tensor:
        x_levels, x_scale = self.quantise_input(functional.pad(x, [self.padding] * 4))
        w_levels, w_scale = self.quantise_weight(self.weight)
        return functional.conv2d(x_levels, w_levels, stride=self.stride) * combined_scale(x_scale, w_scale)


def combined_scale(x_scale: Tensor, w_scale: Tensor) -> Tensor:
    """The scale of a convolution's result, [1, channels or 1, 1, 1], of a scalar and [channels, 1, 1, 1] or ()."""
    return (x_scale * w_scale).reshape(1, -1, 1, 1)


class BatchNorm(nn.BatchNorm2d):
    """Batch norm; in evaluation mode x·a + b with a = γ/√(σ² + ε) and b = β − μa, each rounded to float32."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return super().forward(x)
        a, b = self.factors()
        return x * a.reshape(1, -1, 1, 1) + b.reshape(1, -1, 1, 1)

    def factors(self) -> tuple[Tensor, Tensor]:
        """a and b, [channels]."""
        assert self.running_var is not None  # it tracks its statistics
        assert self.running_mean is not None
        a = self.weight / torch.sqrt(self.running_var + self.eps)
        return a, self.bias - self.running_mean * a


class Add(nn.Module):
    """x + y, where branches meet."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class Classifier(nn.Module):
    """The last layer, in full precision: the mean over all pixels, then a linear map to logits."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            logits: Tensor = self.linear(x.mean(dim=(2, 3)))
            return logits
        weight, bias = self.linear.weight.double(), self.linear.bias.double()
        return functional.linear(x.double().mean(dim=(2, 3)), weight, bias).float()
