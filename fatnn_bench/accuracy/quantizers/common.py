"""What all quantizers share: integer levels and a scale, and gradients that go straight through.

A quantizer maps x to x̂ = scale · levels. Where the levels are integers, a convolution of levels is one of integers,
which float32 holds exactly (below 2²⁴), so that an integer kernel can reproduce it bit for bit; the scale is
multiplied in afterwards.
"""

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn


class Quantizer(nn.Module):
    """Maps x to integer levels and the scale that makes them values again."""

    #: The integers that can come out, ascending; None where what comes out is not integers.
    levels: tuple[int, ...] | None

    @abstractmethod
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return levels, of the shape of x, and a scale that broadcasts against it."""

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        levels, scale = super().__call__(x)
        return levels, scale


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, surrogate: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor]:
        return None, gradient


def straight_through(value: Tensor, surrogate: Tensor) -> Tensor:
    """Return ``value``, with the gradient of ``surrogate``; both of one shape."""
    result: Tensor = _StraightThrough.apply(value.detach(), surrogate)
    return result


def rounded(x: Tensor) -> Tensor:
    """R(x), round half to even; backward: the identity."""
    return straight_through(x.round(), x)


def with_gradient_scaled(x: Tensor, factor: Tensor | float) -> Tensor:
    """Return x; its gradient is multiplied by ``factor``."""
    return straight_through(x, x * factor)
