"""The engine: an exported network, ready to run."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.engine.arithmetic import apply
from fatnn_bench.engine.convolution import LevelConvolution, convolve_pixels
from fatnn_bench.engine.operation import INPUT, Operation
from fatnn_bench.engine.program import Program


class Engine:
    """Runs a program.

    Parameters
    ----------
    program
        The network. Its weights are packed at the first run of a batch size.
    threads
        Threads of the kernels; results are the same for any count.
    """

    def __init__(self, program: Program, threads: int = 1) -> None:
        self.program = program
        self._runners = {op.name: runner(op, program, threads) for op in program.operations}

    def classes(self, pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
        """The class of each image, [batch]; ``pixels`` as for :meth:`logits`."""
        classes: NDArray[np.intp] = np.argmax(self.logits(pixels), axis=1)
        return classes

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits, [batch, classes], of images [batch, channels, size, size].

        Raises
        ------
        ValueError
            If the images have another shape or type.
        """
        return self.values(pixels)[self.program.operations[-1].name]

    def values(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """The result of every operation by its name; images lie as [batch, height, width, channels]."""
        expected = (self.program.channels, self.program.size, self.program.size)
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != expected:
            raise ValueError(f"found {pixels.dtype} pixels of shape {pixels.shape}, expected uint8 [batch, {expected}]")
        image = pixels.transpose(0, 2, 3, 1).astype(np.float32) * np.float32(2.0**-self.program.pixel_bits)
        values: dict[str, NDArray[Any]] = {INPUT: image}
        for operation in self.program.operations:
            values[operation.name] = self._runners[operation.name](*(values[name] for name in operation.inputs))
        return values


def runner(operation: Operation, program: Program, threads: int = 1) -> Callable[..., Any]:
    """What computes an operation from what it reads."""
    match operation.kind:
        case "conv":
            return LevelConvolution(operation, threads)
        case "input_conv":
            return partial(convolve_pixels, operation)
        case "pixel_conv":
            whole = np.float32(2.0**program.pixel_bits)
            return lambda image: convolve_pixels(operation, image * whole).astype(np.int32)
    return partial(apply, operation)
