"""A network made ready for one batch size: buffers in place, operations that belong together in one compiled step.

It computes what :class:`fatnn_bench.engine.network.Engine` does, to the bit, and is what is timed. Low-bit values stay
in bit-planes from layer to layer; int32 sums never reach memory. What no compiled step covers runs as the engine
runs it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fatnn_bench.engine.chains import CONVOLUTIONS, Chain, chains
from fatnn_bench.engine.network import runner
from fatnn_bench.engine.operation import INPUT, Operation
from fatnn_bench.engine.placement import placements
from fatnn_bench.engine.program import Program
from fatnn_kernels import steps
from fatnn_kernels.aligned import aligned
from fatnn_kernels.convolution import Convolution
from fatnn_kernels.product import Way
from fatnn_kernels.steps import Step


class CompiledNetwork:
    """Runs a program on batches of one size.

    Parameters
    ----------
    program
        The network.
    batch
        Images at a time.
    threads
        Of the convolutions; results are the same for any count.
    way
        That convolutions of levels compute by; results are the same for any.

    Raises
    ------
    ValueError
        An operation that cannot be made ready; the message names it.
    """

    def __init__(self, program: Program, batch: int = 1, threads: int = 1, way: Way = "popcount") -> None:
        self.program, self._threads = program, threads
        size, channels = program.size, program.channels
        self.pixels = np.zeros((batch, size, size, channels), np.uint8)  #: the input, to be filled
        self.logits = np.zeros((batch, program.classes), np.float32)  #: the output of the last run
        self.steps: list[tuple[str, Step]] = []  #: each with the kind of layer that it belongs to
        self._values: dict[str, NDArray[Any]] = {}
        self._words: dict[str, NDArray[np.uint32]] = {}  # levels in bit-planes that are pooled
        self._shapes = {name: (batch, *result.shape) for name, result in program.results.items()}
        found = chains(program)
        self._packed = placements(program, found, batch, way)  # convolutions, by what they read
        for chain in found:
            self._append(chain)

    def run(self, loops: int = 1, kind: str | None = None) -> None:
        """Compute the logits of the pixels ``loops`` times; with a ``kind``, only the steps of that kind of layer."""
        chosen = [step for of, step in self.steps if kind in (None, of)]
        for _ in range(loops):
            for step in chosen:
                step(1)

    def classes(self, pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
        """The class of each image [batch, channels, size, size]."""
        np.copyto(self.pixels, pixels.transpose(0, 2, 3, 1))
        self.run()
        classes: NDArray[np.intp] = np.argmax(self.logits, axis=1)
        return classes

    @property
    def kinds(self) -> list[str]:
        """The kinds of layers there are, in the order in which they first run."""
        return list(dict.fromkeys(kind for kind, _ in self.steps))

    def _append(self, chain: Chain) -> None:
        """Append the step, or steps, of a chain."""
        first, name = chain.first, chain.name
        source = first.inputs[0]
        if first.kind in CONVOLUTIONS and source in self._packed:
            self._append_convolution(chain)
        elif first.kind == "quantise" and name in self._packed:
            placed, packed = self._packed[name]
            self._add("quantise and pack", steps.quantise(placed, self._float(source), packed, self._threads))
        elif first.kind == "max_pool" and source in self._words:
            (placed, packed), code = self._packed[name], self._packed[name][0].product.x.codec
            padding = placed.geometry.padding
            sizes = _window(first)
            self._add("pooling", steps.pooled_levels(code, self._words[source], packed, *sizes, padding))
        elif first.kind == "max_pool" and self.program.results[source].holds == "floats":
            self._add("pooling", steps.pooled(self._float(source), self._new(name), *_window(first)))
        elif first.kind == "classifier":
            weight, bias = first.tensors["weight"], first.tensors["bias"]
            self._add("classifier", steps.classified(self._float(source), weight, bias, self.logits))
        else:
            for operation in chain.operations:
                self._append_plain(operation)

    def _append_convolution(self, chain: Chain) -> None:
        conv = chain.first
        placed, packed = self._packed[conv.inputs[0]]
        kind = "first convolution" if conv.kind == "pixel_conv" else "convolutions"
        if conv.kind == "pixel_conv":
            self._add("pixels", steps.pixels(placed, self.pixels, packed))
        threshold, scale, affine = (chain.of(kind) for kind in ("threshold", "scale", "affine"))
        if threshold:
            self._append_levels(chain, placed, packed)
            return
        assert scale is not None
        assert affine is not None
        parts = [scale.tensors["scale"], affine.tensors["factor"], affine.tensors["offset"]]
        parameters = np.stack([np.broadcast_to(part, placed.geometry.out_channels) for part in parts])
        skip = self._float(chain.skip) if chain.skip else None
        relu = chain.of("relu") is not None
        parameters = np.ascontiguousarray(parameters, np.float32)
        out = self._new(chain.name)
        self._add(kind, steps.activations(placed, packed, parameters, skip, relu, out, self._threads))

    def _append_levels(self, chain: Chain, placed: Convolution, packed: NDArray[np.uint32]) -> None:
        """A convolution that ends in thresholds: into the next one's packed image, or unpacked where that has none."""
        threshold = chain.operations[-1]
        limits = np.ascontiguousarray(threshold.tensors["thresholds"])
        following = self._packed.get(chain.name)
        if following:
            out, padding = following[1], following[0].geometry.padding
            self._add("convolutions", steps.levels(placed, packed, limits, out, padding, self._threads))
            return
        g, code = placed.geometry, placed.product.x.codec
        out = placed.empty_next_image()
        self._add("convolutions", steps.levels(placed, packed, limits, out, 0, self._threads))
        if any(
            operation.name in self._packed for operation in self.program.operations if chain.name in operation.inputs
        ):
            self._words[chain.name] = out
            return
        lowest = threshold.attributes["levels"][0]
        result = self._new(chain.name, np.int8)
        result.fill(lowest)  # what reads it may be tried before the first run
        offset = lowest - code.levels[0]
        self._plain(lambda: np.add(code.decode(out, g.out_channels), np.int8(offset), out=result))

    def _append_plain(self, operation: Operation) -> None:
        """An operation as the engine runs it."""
        inputs = [self._float(name) for name in operation.inputs]
        call = runner(operation, self.program, self._threads)
        result = self._values[operation.name] = call(*inputs)
        self._plain(lambda: np.copyto(result, call(*inputs)))

    def _image(self) -> NDArray[np.float32]:
        """The pixels as numbers."""
        image = np.zeros(self.pixels.shape, np.float32)
        self._plain(lambda: np.multiply(self.pixels, np.float32(2.0**-self.program.pixel_bits), out=image))
        return image

    def _plain(self, call: Callable[[], Any]) -> None:
        self._add("in NumPy", lambda loops: _repeat(call, loops))

    def _add(self, kind: str, step: Step) -> None:
        self.steps.append((kind, step))

    def _float(self, name: str) -> NDArray[np.float32]:
        return self._image() if name == INPUT else self._values[name]

    def _new(self, name: str, dtype: Any = np.float32) -> NDArray[Any]:
        self._values[name] = aligned(self._shapes[name], dtype)
        return self._values[name]


def _repeat(call: Callable[[], Any], loops: int) -> None:
    for _ in range(loops):
        call()


def _window(pool: Operation) -> tuple[int, int, int]:
    """Size, stride and padding."""
    return pool.attributes["size"], pool.attributes["stride"], pool.attributes["padding"]
