"""Convolutions: of levels by a low-bit kernel, and of pixels in exact arithmetic."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from fatnn_bench.engine.encoding import encoding
from fatnn_bench.engine.operation import Operation
from fatnn_kernels import Packed, gemm, pack_operands


class LevelConvolution:
    """A ``conv`` on the kernel that suits its levels: levels [B, H, W, C], int8 -> sums [B, H', W', N], int32."""

    def __init__(self, operation: Operation, threads: int = 1) -> None:
        attributes, weight = operation.attributes, operation.tensors["weight"]
        self.kernel, self.stride, self.padding = weight.shape[1], attributes["stride"], attributes["padding"]
        self.border, self.threads = attributes["border"], threads
        self.encoding = encoding(attributes["x_levels"], attributes["w_levels"])
        self.filters = len(weight)
        flat = weight.reshape(self.filters, -1).astype(np.int32)
        self.constant = self.encoding.x_offset * flat.sum(axis=1, dtype=np.int32)
        u = ((flat - self.encoding.w_offset) // self.encoding.w_factor).astype(np.int8)
        self.operand = np.vstack([u, np.ones_like(u[:1])]) if self.encoding.w_offset else u  # the ones sum x'
        self.packed: dict[int, Packed] = {}  # by the number of rows that they are multiplied with

    def __call__(self, x: NDArray[np.int8]) -> NDArray[np.int32]:
        columns, shape = im2col(x, self.kernel, self.stride, self.padding, self.border)
        rows = columns - np.int8(self.encoding.x_offset)
        sums = gemm(self.encoding.product, rows, self._weights(rows), self.threads)
        if self.encoding.w_offset:
            sums = self.encoding.w_factor * sums[:, :-1] + self.encoding.w_offset * sums[:, -1:]
        result: NDArray[np.int32] = (sums + self.constant).reshape(*shape, self.filters)
        return result

    def _weights(self, rows: NDArray[np.int8]) -> Packed:
        """The weights, packed for the tile that suits so many rows."""
        if len(rows) not in self.packed:
            _, self.packed[len(rows)] = pack_operands(self.encoding.product, rows, self.operand)
        return self.packed[len(rows)]


def convolve_pixels(operation: Operation, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """An ``input_conv``. The weights' grid makes every sum exact in float64, whatever its order; it is rounded once."""
    weight = operation.tensors["weight"]
    attributes = operation.attributes
    columns, shape = im2col(x, weight.shape[1], attributes["stride"], attributes["padding"], 0)
    sums = columns.astype(np.float64) @ weight.reshape(len(weight), -1).T.astype(np.float64)
    return sums.astype(np.float32).reshape(*shape, len(weight))


def im2col(
    x: NDArray[Any], kernel: int, stride: int, padding: int, border: float
) -> tuple[NDArray[Any], tuple[int, int, int]]:
    """Windows of an image as rows [B·H'·W', kernel·kernel·C], and (B, H', W')."""
    x = padded(x, padding, border)
    windows = sliding_window_view(x, (kernel, kernel), axis=(1, 2))[:, ::stride, ::stride]  # [B, H', W', C, k, k]
    batch, height, width = windows.shape[:3]
    rows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(batch * height * width, -1)
    return rows, (batch, height, width)


def padded(x: NDArray[Any], padding: int, border: float) -> NDArray[Any]:
    """An image with a border."""
    around = (padding, padding)
    return np.pad(x, ((0, 0), around, around, (0, 0)), constant_values=border) if padding else x
