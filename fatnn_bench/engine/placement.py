"""Which convolutions of a network a compiled step runs, and all that such a step reads: decided before any is made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.engine.chains import CONVOLUTIONS, Chain, uses
from fatnn_bench.engine.encoding import Encoding, encoding
from fatnn_bench.engine.operation import Operation
from fatnn_bench.engine.program import Program
from fatnn_kernels import INT8
from fatnn_kernels.convolution import Convolution
from fatnn_kernels.geometry import Geometry
from fatnn_kernels.product import Way

#: What a byte becomes for int8 kernels, whose x are pixels − 128.
PIXEL_OFFSET = 128

#: A convolution with its weights, and the packed image that it reads.
Placed: TypeAlias = tuple[Convolution, NDArray[np.uint32]]


def placements(program: Program, found: Sequence[Chain], batch: int, way: Way) -> Mapping[str, Placed]:
    """Return the convolutions that compiled steps can run, by the name of what each reads.

    Parameters
    ----------
    found
        The program's chains, in the order in which they run.
    batch
        Images at a time.
    way
        That convolutions of levels compute by.
    """
    placing = _Placing(program, batch, way)
    for chain in found:
        placing.place(chain)
    return placing.placed


class _Placing:
    """Places chain by chain: whether one can be fed hangs on those before it alone."""

    def __init__(self, program: Program, batch: int, way: Way) -> None:
        self.placed: dict[str, Placed] = {}
        self._program, self._batch, self._way = program, batch, way
        self._by_name = {operation.name: operation for operation in program.operations}
        self._reads: Counter[str] = uses(program)

    def place(self, chain: Chain) -> None:
        """Make a convolution ready where a compiled step can run it."""
        conv = chain.first
        if conv.kind not in CONVOLUTIONS or self._reads[conv.inputs[0]] > 1:
            return
        if len(chain.operations) == 1 or not self._is_fed(conv) or not self._is_linear(chain):
            return
        if conv.kind == "pixel_conv" and chain.of("threshold"):
            return
        geometry = self._geometry(conv)
        if conv.kind == "pixel_conv":
            placed, border = _pixel_convolution(conv, geometry), -PIXEL_OFFSET
        else:
            threshold = chain.of("threshold")
            sign = threshold.tensors["sign"] if threshold else np.ones(geometry.out_channels, np.int8)
            bounds = self._by_name[conv.inputs[0]].tensors.get("bounds")
            code = self._encoding(conv)
            placed = _level_convolution(conv, code, geometry, sign, bounds)
            border = conv.attributes["border"] - code.x_offset
        if chain.of("affine") and geometry.out_channels % placed.tile.columns:
            return
        self.placed[conv.inputs[0]] = placed, placed.empty_image(border)

    def _is_fed(self, conv: Operation) -> bool:
        """Whether what comes before a convolution can write the packed image that it reads."""
        if conv.kind == "pixel_conv":
            return True
        source, code = self._by_name.get(conv.inputs[0]), self._encoding(conv)
        if source is not None and source.kind == "max_pool":
            if self._reads[source.inputs[0]] > 1:  # somebody else reads levels where only words are kept
                return False
            source = self._by_name.get(source.inputs[0])
        elif source is not None and source.kind == "quantise":
            return True
        if source is None or source.kind != "threshold":
            return False
        before = self.placed.get(self._by_name[source.inputs[0]].inputs[0])
        return before is not None and before[0].product is code.product

    def _geometry(self, conv: Operation) -> Geometry:
        source = self._program.results[conv.inputs[0]]
        filters, kernel = conv.tensors["weight"].shape[:2]
        stride, padding = conv.attributes["stride"], conv.attributes["padding"]
        return Geometry(self._batch, *source.shape, filters, kernel, stride, padding)

    def _is_linear(self, chain: Chain) -> bool:
        """Whether a convolution's sums are those of its kernel and what pixels add: not where levels are two apart, nor
        where filters that are to be turned round have levels that are not."""
        if chain.first.kind == "pixel_conv":
            return True
        code, threshold = self._encoding(chain.first), chain.of("threshold")
        levels, turned = chain.first.attributes["w_levels"], threshold and (threshold.tensors["sign"] < 0).any()
        return code.w_factor == 1 and not (turned and (code.w_offset or levels[0] != -levels[-1]))

    def _encoding(self, conv: Operation) -> Encoding:
        return encoding(conv.attributes["x_levels"], conv.attributes["w_levels"], self._way)


def _level_convolution(
    conv: Operation, code: Encoding, geometry: Geometry, sign: NDArray[np.int8], bounds: NDArray[Any] | None
) -> Convolution:
    """The convolution of levels, its filters turned round where thresholds are reached from above."""
    weight = conv.tensors["weight"] * sign[:, None, None, None]
    u = weight - np.int8(code.w_offset)  # Σ x·w = Σ x·u + o Σ x, and Σ x is the sum of its bits' values
    per_bit = [code.w_offset << bit for bit in range(len(code.product.x.codec.bit_masks))] if code.w_offset else None
    constant = code.x_offset * weight.reshape(len(weight), -1).sum(axis=1, dtype=np.int32)
    if bounds is None:  # nothing but packed words come in
        bounds = np.arange(len(conv.attributes["x_levels"]) - 1)
    return Convolution(code.product, geometry, u, bounds, constant, per_bit)


def _pixel_convolution(conv: Operation, geometry: Geometry) -> Convolution:
    weight = conv.tensors["weight"]
    constant = PIXEL_OFFSET * weight.reshape(len(weight), -1).sum(axis=1, dtype=np.int32)
    return Convolution(INT8, geometry, weight, [1.0], constant)
