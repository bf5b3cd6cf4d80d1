"""What the machine can read: vector loads over a buffer of a given size, and nothing else.

A buffer that fits a cache is read from there again and again; one of several times the last cache comes from memory.
"""

from collections.abc import Sequence

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.base import BaseContext
from numba.core.typing import BaseContext as TypingContext
from numba.core.typing import Signature
from numba.extending import intrinsic
from numpy.typing import NDArray

from fatnn_kernels.aligned import LINE_BYTES, aligned
from fatnn_kernels.checks import check_count
from fatnn_kernels.intrinsics import Args, Emission, address, barrier
from fatnn_kernels.jit import compiled
from fatnn_kernels.target import current_target
from fatnn_kernels.tile import constant, loop
from fatnn_kernels.vector import I32, I64, load

#: Vectors of an iteration, each with a sum of its own: loads wait for no addition, and the loop's own cost is small.
_VECTORS = 8


class ReadStream:
    """Reads a buffer from its begin to its end, with vector loads.

    The quotient of its ``bytes`` and the time of a call is the read bandwidth of where the buffer lies.

    Parameters
    ----------
    size
        Bytes of the buffer, at least one, or ValueError; rounded up to a whole number of iterations.
    """

    def __init__(self, size: int) -> None:
        check_count("size", size)
        step = _VECTORS * current_target().lanes * 4
        self.bytes = -(-size // step) * step  #: read by a call
        self._words = aligned(self.bytes // 4, np.uint32)
        self._words[:] = 1  # every page has memory of its own once it was written

        self.total = 0  #: the sum, modulo 2³², of all words that the last :meth:`run` read: every one of them is 1

    def run(self, loops: int) -> None:
        """Read the buffer ``loops`` times."""
        self.total = int(_read(self._words, loops))


@intrinsic  # type: ignore[untyped-decorator]
def _sum_words(typingctx: TypingContext, words: types.CPointer, count: types.Integer) -> Emission:
    """The sum, modulo 2³², of ``count`` words, which are a whole number of iterations."""
    lanes = ir.VectorType(I32, current_target().lanes)

    def codegen(context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Args) -> ir.Value:
        pointer, count = args

        def body(index: ir.Value, sums: Sequence[ir.Value]) -> list[ir.Value]:
            at = [builder.gep(pointer, [builder.add(index, constant(i * lanes.count))]) for i in range(_VECTORS)]
            return [builder.add(total, load(builder, p, lanes, LINE_BYTES)) for total, p in zip(sums, at, strict=True)]

        zeros = [ir.Constant(lanes, None)] * _VECTORS
        first, *others = loop(builder, ir.Constant(I64, 0), count, _VECTORS * lanes.count, zeros, body)
        for other in others:
            first = builder.add(first, other)
        name = f"llvm.vector.reduce.add.v{lanes.count}i32"
        reduce = builder.module.globals.get(name) or ir.Function(builder.module, ir.FunctionType(I32, [lanes]), name)
        return builder.call(reduce, [first])

    return types.uint32(words, types.int64), codegen


@compiled()
def _read(words: NDArray[np.uint32], loops: int) -> np.uint32:
    total = np.uint32(0)
    for _ in range(loops):
        total = np.uint32(total + _sum_words(address(words, 0), words.shape[0]))
        barrier()
    return total
