"""The step of a product for binary tensor cores, which count the ones of ANDs of a plane of x and a plane of y.

    Σ wᵢ pc(aᵢ ∧ bᵢ)        aᵢ of the planes of x alone, bᵢ of those of y, wᵢ a power of two

Where an identity takes pc(a ∧ b) away, it adds pc(a ∧ ¬b) instead and takes away pc(a), a term of x: then all weights
are positive, and sums of one weight are one accumulator.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from fatnn_kernels.operations import Lanes, Planes, Sums, popcount

#: The planes of an operand -> what is ANDed of it, a plane for each AND.
Factors: TypeAlias = Callable[[Planes], Sums]


@dataclass(frozen=True)
class AndPopcounts:
    """A step, called as any other: an accumulator for each weight, the largest first."""

    x: Factors
    y: Factors
    weights: tuple[int, ...]  #: a power of two for each AND, from the largest to the smallest

    @property
    def levels(self) -> tuple[int, ...]:
        """The weights that there are, descending."""
        return tuple(dict.fromkeys(self.weights))

    def __call__(self, acc: Planes, x: Planes, y: Planes) -> Sums:
        sums = [acc[level] for level in range(len(self.levels))]
        for a, b, weight in zip(self.x(x), self.y(y), self.weights, strict=True):
            level = self.levels.index(weight)
            sums[level] = sums[level] + popcount(a & b)
        return tuple(sums)

    def finish(self, acc: Planes, n: Lanes) -> Lanes:
        """n + Σ wᵢ pc(aᵢ ∧ bᵢ): a sum is doubled until it is of the next one's weight, and that added to it."""
        total = acc[0]
        for level, (weight, following) in enumerate(pairwise((*self.levels, 1))):
            while weight > following:
                total, weight = total + total, weight // 2
            if level + 1 < len(self.levels):
                total = total + acc[level + 1]
        return n + total
